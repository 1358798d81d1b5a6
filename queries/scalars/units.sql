-- A quantity as an integer number of ten-thousandths, for exact ratios. Widened first: the product outgrows 64 bits.
CREATE OR REPLACE MACRO units(quantity) AS CAST(CAST(quantity AS DECIMAL(38, 4)) * 10000 AS HUGEINT);
