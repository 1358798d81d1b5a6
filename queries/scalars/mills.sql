-- An amount as an integer number of thousandths of its currency, for exact ratios.
CREATE OR REPLACE MACRO mills(amount) AS CAST(amount * 1000 AS HUGEINT);
