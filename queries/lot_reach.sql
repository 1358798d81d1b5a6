-- How fast each open lot could still be used, and the last day to begin: how late there is still time to act.
--
-- A contract is taken to manage twice its lot's pace of the last 90 days, or the most it ever used in 90 days in that
-- unit if that is more; what is taken back counts on the day of what it takes back. Work that begins on act_by and keeps
-- to this pace lets nothing lapse, neither above a carry-over cap nor on the last usable day. What would lapse although
-- it began tomorrow is beyond reach, unless the end moves. A judgement aid, not a forecast.
--
-- Grain:   one row per lot open or in grace at as_of that has an end
-- Order:   lot_id
-- Reads:   consumption, first_lapse, lot_terms, movements
-- Rules:   R1.2, R1.3, R4.5, R7.4
-- Columns:
--   lot_id             VARCHAR        the lot
--   contract_id        VARCHAR        its contract
--   unit               VARCHAR        unit of the quantities
--   reachable_monthly  DECIMAL(18,4)  units a month (30 days) it can be taken to manage; nil = nothing was ever used
--   act_by             DATE           last day to begin at that pace; empty = too late to use all, or nothing was ever used
--   beyond_quantity    DECIMAL(18,4)  units that would lapse although it began tomorrow
--   beyond_amount      DECIMAL(18,3)  their price
CREATE OR REPLACE MACRO lot_reach(as_of DATE) AS TABLE
WITH daily AS (
    SELECT
        movements.lot_id,
        lot_terms.contract_id,
        lot_terms.unit,
        coalesce(taken_back.service_date, movements.moved_on) AS used_on,
        sum(movements.quantity) AS quantity
    FROM movements
    INNER JOIN lot_terms ON movements.lot_id = lot_terms.lot_id
    LEFT JOIN consumption ON movements.event_id = consumption.consumption_id
    LEFT JOIN consumption AS taken_back ON consumption.reverses = taken_back.consumption_id
    WHERE movements.kind = 'draw' AND movements.moved_on <= as_of
    GROUP BY movements.lot_id, lot_terms.contract_id, lot_terms.unit, used_on
),

recent AS (
    SELECT
        daily.lot_id,
        sum(daily.quantity) AS quantity
    FROM daily
    WHERE daily.used_on > as_of - 90
    GROUP BY daily.lot_id
),

spans AS (
    SELECT
        daily.contract_id,
        daily.unit,
        sum(daily.quantity) OVER (
            PARTITION BY daily.contract_id, daily.unit
            ORDER BY daily.used_on
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

-- Units in 90 days, whole ten-thousandths: what divides them is rounded once, at the end.
paced AS (
    SELECT
        first_lapse.lot_id,
        first_lapse.contract_id,
        first_lapse.unit,
        first_lapse.usable_until,
        first_lapse.usable_until - as_of AS days_left,
        units(first_lapse.remaining_quantity) AS held,
        first_lapse.lapses_on,
        first_lapse.lapses_on - as_of AS lapse_days,
        units(first_lapse.lapses_quantity) AS lapsing,
        units(greatest(0, coalesce(best.quantity, 0), 2 * coalesce(recent.quantity, 0))) AS pace
    FROM first_lapse(as_of) AS first_lapse
    LEFT JOIN recent ON first_lapse.lot_id = recent.lot_id
    LEFT JOIN best ON first_lapse.contract_id = best.contract_id AND first_lapse.unit = best.unit
),

-- 90 times the units that lapse first, and the days that either takes at that pace, the last one counted in full.
reached AS (
    SELECT
        paced.lot_id,
        paced.contract_id,
        paced.unit,
        paced.days_left,
        paced.held,
        paced.pace,
        greatest(0, 90 * paced.lapsing - paced.pace * paced.lapse_days) AS lapsing_first,
        least(
            paced.lapses_on - CAST((90 * paced.lapsing + paced.pace - 1) // nullif(paced.pace, 0) AS INTEGER),
            paced.usable_until - CAST((90 * paced.held + paced.pace - 1) // nullif(paced.pace, 0) AS INTEGER)
        ) + 1 AS begins_on
    FROM paced
),

beyond AS (
    SELECT
        reached.lot_id,
        reached.contract_id,
        reached.unit,
        CAST(CAST(round_half_up(reached.pace, 3) AS DECIMAL(30, 0)) * 0.0001 AS DECIMAL(18, 4)) AS reachable_monthly,
        CASE WHEN reached.begins_on > as_of THEN reached.begins_on END AS act_by,
        CAST(
            CAST(
                round_half_up(
                    reached.lapsing_first
                    + greatest(0, 90 * reached.held - reached.lapsing_first - reached.pace * reached.days_left),
                    90
                ) AS DECIMAL(30, 0)
            ) * 0.0001 AS DECIMAL(18, 4)
        ) AS beyond_quantity
    FROM reached
)

SELECT
    beyond.lot_id,
    beyond.contract_id,
    beyond.unit,
    beyond.reachable_monthly,
    beyond.act_by,
    beyond.beyond_quantity,
    price_of_units(lot_terms.amount, lot_terms.quantity, beyond.beyond_quantity, lot_terms.minor_unit)
        AS beyond_amount
FROM beyond
INNER JOIN lot_terms ON beyond.lot_id = lot_terms.lot_id;
