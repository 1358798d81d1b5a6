-- The exact ratio numerator / denominator to the nearest integer, halves away from zero (R10.2).
-- DuckDB's // cuts towards zero, so half a denominator is added on the numerator's own side. The denominator is
-- positive.
CREATE OR REPLACE MACRO round_half_up(numerator, denominator) AS
    (2 * numerator + CASE WHEN numerator < 0 THEN -denominator ELSE denominator END) // (2 * denominator);
