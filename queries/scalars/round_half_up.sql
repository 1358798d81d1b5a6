-- The exact ratio numerator / denominator to the nearest integer, halves away from zero (R10.2).
-- DuckDB's // cuts towards zero, so half a denominator is added on the numerator's own side. The denominator is
-- positive. Where both fit, 64 bits divide ten times faster than 128.
CREATE OR REPLACE MACRO round_half_up(numerator, denominator) AS
    CASE
        WHEN abs(numerator) < 2000000000000000000 AND denominator < 2000000000000000000
            THEN
                CAST(
                    (
                        2 * CAST(numerator AS BIGINT)
                        + CASE WHEN numerator < 0 THEN -CAST(denominator AS BIGINT) ELSE CAST(denominator AS BIGINT) END
                    ) // (2 * CAST(denominator AS BIGINT)) AS HUGEINT
                )
        ELSE (2 * numerator + CASE WHEN numerator < 0 THEN -denominator ELSE denominator END) // (2 * denominator)
    END;
