-- An amount as an integer number of thousandths of its currency, for exact ratios. Widened first, as units are.
CREATE OR REPLACE MACRO mills(amount) AS CAST(CAST(amount AS DECIMAL(38, 3)) * 1000 AS HUGEINT);
