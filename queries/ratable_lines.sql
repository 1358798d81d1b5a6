-- Ratable revenue of every lot in every period: the difference of its rounded revenue to date at two boundaries.
--
-- The first boundary takes everything up to it.
--
-- Grain:   lines that add up per lot and period; a lot can have several
-- Order:   lot_id, period_end, ratable, adjustment
-- Reads:   ratable_terms
-- Rules:   R3.1, R3.2, R3.3, R3.5, R10.1, R10.2
-- Columns:
--   lot_id       VARCHAR        the lot
--   contract_id  VARCHAR        its contract
--   currency     VARCHAR        currency of the amounts
--   is_booked    BOOLEAN        whether ratable is the policy the lot is booked under
--   period_end   DATE           the boundary the line counts to
--   ratable      DECIMAL(18,3)  for elapsed time
--   adjustment   DECIMAL(18,3)  price changes of what was recognised, and terminations
CREATE OR REPLACE MACRO ratable_lines(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT
        boundary,
        lag(boundary) OVER (ORDER BY boundary) AS boundary_before
    FROM (SELECT DISTINCT unnest(boundaries) AS boundary)
),

-- Read twice, by the many spans that stand alone and the few that another follows: cheaper than kept in between.
passed AS NOT MATERIALIZED (
    SELECT
        ratable_terms.lot_id,
        ratable_terms.layer_id,
        ratable_terms.contract_id,
        ratable_terms.currency,
        ratable_terms.is_booked,
        ratable_terms.minor_unit,
        ratable_terms.base,
        ratable_terms.spread,
        ratable_terms.adjustment,
        ratable_terms.denominator,
        closings.boundary,
        ratable_terms.before,
        CASE
            WHEN ratable_terms.weights_to_date IS NULL THEN ratable_terms.ends_on - ratable_terms.starts_on + 1
            ELSE ratable_terms.weights_to_date[-1]
        END AS whole,
        CASE
            WHEN closings.boundary >= ratable_terms.ends_on THEN whole
            WHEN ratable_terms.weights_to_date IS NULL THEN closings.boundary - ratable_terms.starts_on + 1
            -- one instalment at the end of each month that has passed
            ELSE coalesce(
                ratable_terms.weights_to_date[date_diff('month', ratable_terms.starts_on, closings.boundary + 1)], 0
            )
        END AS done,
        CASE
            WHEN coalesce(closings.boundary_before, DATE '0001-01-01') < ratable_terms.starts_on THEN NULL
            WHEN ratable_terms.weights_to_date IS NULL THEN closings.boundary_before - ratable_terms.starts_on + 1
            ELSE coalesce(
                ratable_terms.weights_to_date[date_diff('month', ratable_terms.starts_on, closings.boundary_before + 1)],
                0
            )
        END AS done_before
    FROM ratable_terms
    INNER JOIN closings
        ON
            closings.boundary >= ratable_terms.starts_on
            AND closings.boundary < coalesce(ratable_terms.before, DATE '9999-12-31' + 1)
            -- once a term is over, nothing more is recognised
            AND coalesce(closings.boundary_before, DATE '0001-01-01') < ratable_terms.ends_on
),

accrued AS NOT MATERIALIZED (
    SELECT
        passed.lot_id,
        passed.layer_id,
        passed.contract_id,
        passed.currency,
        passed.is_booked,
        passed.boundary,
        passed.before,
        rounded_money(
            passed.base * passed.whole + passed.spread * passed.done,
            passed.whole * passed.denominator,
            passed.minor_unit
        ) AS ratable,
        CASE
            WHEN passed.done_before IS NULL THEN 0
            ELSE
                rounded_money(
                    passed.base * passed.whole + passed.spread * passed.done_before,
                    passed.whole * passed.denominator,
                    passed.minor_unit
                )
        END AS ratable_before,
        -- an adjustment is what rounding with it adds to rounding without (R10.1)
        CASE
            WHEN passed.adjustment = 0 THEN 0
            ELSE
                rounded_money(
                    (passed.base + passed.adjustment) * passed.whole + passed.spread * passed.done,
                    passed.whole * passed.denominator,
                    passed.minor_unit
                ) - ratable
        END AS adjustment,
        CASE
            WHEN passed.adjustment = 0 OR passed.done_before IS NULL THEN 0
            ELSE
                rounded_money(
                    (passed.base + passed.adjustment) * passed.whole + passed.spread * passed.done_before,
                    passed.whole * passed.denominator,
                    passed.minor_unit
                ) - ratable_before
        END AS adjustment_before
    FROM passed
),

-- A span counts from the lot's beginning: what the one before it had come to counts against its first line.
followed AS (
    SELECT
        accrued.lot_id,
        accrued.contract_id,
        accrued.currency,
        accrued.is_booked,
        accrued.before,
        accrued.ratable,
        accrued.adjustment
    FROM accrued
    WHERE accrued.before IS NOT NULL
    QUALIFY
        row_number() OVER (
            PARTITION BY accrued.lot_id, accrued.layer_id, accrued.before ORDER BY accrued.boundary DESC
        ) = 1
)

SELECT
    accrued.lot_id,
    accrued.contract_id,
    accrued.currency,
    accrued.is_booked,
    accrued.boundary AS period_end,
    CAST(accrued.ratable - accrued.ratable_before AS DECIMAL(18, 3)) AS ratable,
    CAST(accrued.adjustment - accrued.adjustment_before AS DECIMAL(18, 3)) AS adjustment
FROM accrued
UNION ALL
SELECT
    followed.lot_id,
    followed.contract_id,
    followed.currency,
    followed.is_booked,
    closings.boundary AS period_end,
    CAST(-followed.ratable AS DECIMAL(18, 3)) AS ratable,
    CAST(-followed.adjustment AS DECIMAL(18, 3)) AS adjustment
FROM followed
ASOF INNER JOIN closings ON followed.before <= closings.boundary;
