-- Revenue to date of every lot under policy 1, ratable: amount x elapsed / term, whether used or not.
--
-- Cumulative, so that the difference of two boundaries is a period's revenue to the cent. Rounded once per grant: units
-- added later are recognised like a lot of their own.
--
-- Grain:   one row per lot and boundary from its first grant on
-- Order:   lot_id, boundary
-- Reads:   grants, instalments, lot_terms
-- Rules:   R3.1, R3.2, R3.3, R7.7, R10.1, R10.2
-- Columns:
--   lot_id       VARCHAR        the lot
--   contract_id  VARCHAR        its contract
--   currency     VARCHAR        currency of the amount
--   boundary     DATE           closing day
--   ratable      DECIMAL(18,3)  recognised by the close of boundary
CREATE OR REPLACE MACRO revenue_ratable(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT DISTINCT unnest(boundaries) AS boundary
),

progress AS (
    SELECT
        grants.lot_id,
        closings.boundary,
        grants.amount,
        grants.minor_unit,
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

summed AS (
    SELECT
        progress.lot_id,
        progress.boundary,
        sum(rounded_money(mills(progress.amount) * progress.done, progress.whole, progress.minor_unit)) AS ratable
    FROM progress
    GROUP BY progress.lot_id, progress.boundary
)

SELECT
    lot_terms.lot_id,
    lot_terms.contract_id,
    lot_terms.currency,
    summed.boundary,
    CAST(summed.ratable AS DECIMAL(18, 3)) AS ratable
FROM summed
INNER JOIN lot_terms ON summed.lot_id = lot_terms.lot_id;
