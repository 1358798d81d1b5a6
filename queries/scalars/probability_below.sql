-- Where an outcome stands in a forecast of seven quantiles: the chance of less than it, and of no more than it.
--
-- Levels are those of 5, 10, 25, 50, 75, 90 and 95%; nothing is below nil or above what remained, and between levels the
-- distribution function is linear. Where the outcome is an atom (levels equal it) its mass ends half of the way to the
-- levels beside it; else the two are equal.
CREATE OR REPLACE MACRO probability_below(levels, remaining, outcome) AS (
    SELECT
        CASE
            WHEN upto = below
                THEN
                    list_value(
                        chances[below]
                        + (chances[below + 1] - chances[below])
                        * (outcome - points[below])
                        / (points[below + 1] - points[below])
                    )
            ELSE
                list_value(
                    CASE WHEN below = 0 THEN 0 ELSE (chances[below] + chances[below + 1]) / 2 END,
                    CASE WHEN upto = 9 THEN 1 ELSE (chances[upto] + chances[upto + 1]) / 2 END
                )
        END
    FROM (
        SELECT
            points,
            CAST([0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1] AS DOUBLE[]) AS chances,
            len([point FOR point IN points IF point < outcome - 0.000001 * remaining]) AS below,
            len([point FOR point IN points IF point <= outcome + 0.000001 * remaining]) AS upto
        FROM (SELECT list_concat(list_prepend(0, levels), list_value(remaining)) AS points)
    )
);
