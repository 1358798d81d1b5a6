-- The exact ratio numerator / denominator to the nearest integer, halves away from zero (R10.2).
-- DuckDB's // cuts towards zero, so the sign is put back last. The denominator is positive.
CREATE OR REPLACE MACRO round_half_up(numerator, denominator) AS
    CAST(sign(numerator) AS HUGEINT) * ((2 * abs(numerator) + denominator) // (2 * denominator));
