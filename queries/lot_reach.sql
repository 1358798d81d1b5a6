-- How fast each open lot could still be used, and the last day to begin: how late there is still time to act.
--
-- A contract is taken to manage twice its lot's pace of the last 90 days, or the most it ever used in 90 days in that
-- unit if that is more. Work that begins on act_by and keeps to this pace uses up the lot on its last usable day. What
-- would be left although it began tomorrow is beyond reach, unless the end moves. A judgement aid, not a forecast.
--
-- Grain:   one row per lot open or in grace at as_of that has an end
-- Order:   lot_id
-- Reads:   lot_balance, lot_terms, movements
-- Rules:   R1.2, R1.3
-- Columns:
--   lot_id             VARCHAR        the lot
--   contract_id        VARCHAR        its contract
--   unit               VARCHAR        unit of the quantities
--   reachable_monthly  DECIMAL(18,4)  units a month (30 days) it can be taken to manage; nil = nothing was ever used
--   act_by             DATE           last day to begin at that pace; empty = too late to use all, or nothing was ever used
--   beyond_quantity    DECIMAL(18,4)  units that would be left although it began tomorrow
--   beyond_amount      DECIMAL(18,3)  their price
CREATE OR REPLACE MACRO lot_reach(as_of DATE) AS TABLE
WITH daily AS (
    SELECT
        movements.lot_id,
        lot_terms.contract_id,
        lot_terms.unit,
        movements.moved_on,
        sum(movements.quantity) AS quantity
    FROM movements
    INNER JOIN lot_terms ON movements.lot_id = lot_terms.lot_id
    WHERE movements.kind = 'draw' AND movements.moved_on <= as_of
    GROUP BY movements.lot_id, lot_terms.contract_id, lot_terms.unit, movements.moved_on
),

recent AS (
    SELECT
        daily.lot_id,
        sum(daily.quantity) AS quantity
    FROM daily
    WHERE daily.moved_on > as_of - 90
    GROUP BY daily.lot_id
),

spans AS (
    SELECT
        daily.contract_id,
        daily.unit,
        sum(daily.quantity) OVER (
            PARTITION BY daily.contract_id, daily.unit
            ORDER BY daily.moved_on
            RANGE BETWEEN INTERVAL 89 DAYS PRECEDING AND CURRENT ROW
        ) AS quantity
    FROM daily
),

best AS (
    SELECT
        spans.contract_id,
        spans.unit,
        max(spans.quantity) AS quantity
    FROM spans
    GROUP BY spans.contract_id, spans.unit
),

paced AS (
    SELECT
        lot_balance.lot_id,
        lot_balance.contract_id,
        lot_balance.unit,
        lot_balance.usable_until,
        lot_balance.usable_until - as_of AS days_left,
        lot_balance.remaining_quantity,
        CAST(
            greatest(0, coalesce(best.quantity, 0), 2 * coalesce(recent.quantity, 0)) / 3 AS DECIMAL(18, 4)
        ) AS reachable_monthly
    FROM lot_balance(as_of) AS lot_balance
    LEFT JOIN recent ON lot_balance.lot_id = recent.lot_id
    LEFT JOIN best ON lot_balance.contract_id = best.contract_id AND lot_balance.unit = best.unit
    WHERE lot_balance.status IN ('open', 'grace') AND lot_balance.usable_until IS NOT NULL
),

reached AS (
    SELECT
        paced.lot_id,
        paced.contract_id,
        paced.unit,
        paced.usable_until,
        paced.days_left,
        paced.reachable_monthly,
        CAST(
            greatest(0, paced.remaining_quantity - paced.reachable_monthly * paced.days_left / 30) AS DECIMAL(18, 4)
        ) AS beyond_quantity,
        -- Days at that pace, the last one counted in full.
        (units(paced.remaining_quantity) * 30 + units(paced.reachable_monthly) - 1)
        // nullif(units(paced.reachable_monthly), 0) AS days_needed
    FROM paced
)

SELECT
    reached.lot_id,
    reached.contract_id,
    reached.unit,
    reached.reachable_monthly,
    CASE
        WHEN reached.days_needed <= reached.days_left
            THEN reached.usable_until + 1 - CAST(reached.days_needed AS INTEGER)
    END AS act_by,
    reached.beyond_quantity,
    price_of_units(lot_terms.amount, lot_terms.quantity, reached.beyond_quantity, lot_terms.minor_unit)
        AS beyond_amount
FROM reached
INNER JOIN lot_terms ON reached.lot_id = lot_terms.lot_id;
