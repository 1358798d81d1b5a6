-- A quantity as an integer number of ten-thousandths, for exact ratios.
CREATE OR REPLACE MACRO units(quantity) AS CAST(quantity * 10000 AS HUGEINT);
