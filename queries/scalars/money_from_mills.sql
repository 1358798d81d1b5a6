-- Thousandths of a currency as money; multiplied, because DECIMAL / DECIMAL gives a DOUBLE.
CREATE OR REPLACE MACRO money_from_mills(thousandths) AS
    CAST(CAST(thousandths AS DECIMAL(18, 0)) * CAST(0.001 AS DECIMAL(4, 3)) AS DECIMAL(18, 3));
