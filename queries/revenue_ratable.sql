-- Revenue to date of every lot under policy 1, ratable: amount x elapsed / term, whether used or not.
--
-- Cumulative and rounded once per lot, so that the difference of two boundaries is a period's revenue to the cent.
-- Grants of one lot have terms of different length: their fractions are added over a common denominator first.
--
-- Grain:   one row per lot and boundary from its first grant on
-- Order:   lot_id, boundary
-- Reads:   grants, instalments, lot_terms
-- Rules:   R3.1, R3.2, R3.3, R10.1, R10.2
-- Columns:
--   lot_id       VARCHAR        the lot
--   contract_id  VARCHAR        its contract
--   currency     VARCHAR        currency of the amount
--   boundary     DATE           closing day
--   ratable      DECIMAL(18,3)  recognised by the close of boundary
CREATE OR REPLACE MACRO revenue_ratable(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT unnest(boundaries) AS boundary
),

progress AS (
    SELECT
        grants.lot_id,
        closings.boundary,
        units(grants.quantity) AS granted,
        CASE grants.convention
            WHEN 'daily' THEN CAST(least(closings.boundary, grants.ends_on) - grants.starts_on + 1 AS HUGEINT)
            ELSE coalesce(instalments.weight_to_date, 0)
        END AS done,
        CASE grants.convention
            WHEN 'daily' THEN CAST(grants.ends_on - grants.starts_on + 1 AS HUGEINT)
            ELSE coalesce(instalments.weight_total, 1)
        END AS whole
    FROM grants
    INNER JOIN closings ON grants.starts_on <= closings.boundary
    ASOF LEFT JOIN instalments
        ON grants.movement_no = instalments.movement_no AND closings.boundary >= instalments.posted_on
),

collected AS (
    SELECT
        progress.lot_id,
        progress.boundary,
        list({'granted': progress.granted, 'done': progress.done, 'whole': progress.whole}) AS parts
    FROM progress
    GROUP BY progress.lot_id, progress.boundary
),

summed AS (
    SELECT
        collected.lot_id,
        collected.boundary,
        list_reduce(
            list_transform(collected.parts, lambda part: part.whole), lambda one, other: lcm(one, other)
        ) AS common_whole,
        list_sum(
            list_transform(collected.parts, lambda part: part.granted * part.done * (common_whole // part.whole))
        ) AS units_done
    FROM collected
)

SELECT
    lot_terms.lot_id,
    lot_terms.contract_id,
    lot_terms.currency,
    summed.boundary,
    rounded_money(
        mills(lot_terms.amount) * summed.units_done,
        units(lot_terms.quantity) * summed.common_whole,
        lot_terms.minor_unit
    ) AS ratable
FROM summed
INNER JOIN lot_terms ON summed.lot_id = lot_terms.lot_id;
