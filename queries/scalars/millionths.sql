-- A price of one unit as an integer number of millionths of its currency, for exact ratios. Widened first, as units are.
CREATE OR REPLACE MACRO millionths(price) AS CAST(CAST(price AS DECIMAL(38, 6)) * 1000000 AS HUGEINT);
