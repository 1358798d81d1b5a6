-- A share as an integer number of parts of 10^12, for exact ratios.
CREATE OR REPLACE MACRO shares(share) AS CAST(CAST(share AS DECIMAL(38, 12)) * 1000000000000 AS HUGEINT);
