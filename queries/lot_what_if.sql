-- What a lot would leave with more booked a month, a later end or a carry-over, beside what is forecast.
--
-- A judgement aid: in each of the two hundred ways the future may go, the use to come goes on for the added days at the
-- pace it has there, and more_monthly (units per 30 days) comes on top of it. What is left at the end is carried over
-- for carried_days, up to carried_at_most, and used at the same pace; the rest lapses. A lot that would run out anyway
-- still does. What the contract's own carry-over cap takes at the end of the term, moved as the end is, is lost in every
-- way, as things are too; without such a cap nil of all four is the forecast.
--
-- Grain:   one row per lot asked about that is open and has an end after as_of
-- Order:   lot_id
-- Reads:   first_lapse, forecasts, lot_terms
-- Rules:   R1.2, R7.1, R7.4
-- Columns:
--   lot_id             VARCHAR        the lot
--   contract_id        VARCHAR        its contract
--   unit               VARCHAR        unit of the quantities
--   currency           VARCHAR        currency of the amounts
--   usable_until       DATE           last usable day it would have, carry-over included
--   forecast_quantity  DECIMAL(18,4)  units forecast unused as things are: mean over the ways
--   forecast_chance    DOUBLE         chance as things are that nothing is left, 0 to 1
--   expected_quantity  DECIMAL(18,4)  units forecast unused so
--   low_quantity       DECIMAL(18,4)  lower end of the 80% interval
--   lower_quantity     DECIMAL(18,4)  lower end of the 50% interval
--   upper_quantity     DECIMAL(18,4)  upper end of the 50% interval
--   high_quantity      DECIMAL(18,4)  upper end of the 80% interval
--   expected_amount    DECIMAL(18,3)  price of expected_quantity
--   low_amount         DECIMAL(18,3)  price of low_quantity
--   high_amount        DECIMAL(18,3)  price of high_quantity
--   used_up_chance     DOUBLE         chance that nothing is left so, 0 to 1
CREATE OR REPLACE MACRO lot_what_if(as_of DATE, lot VARCHAR, more_monthly DOUBLE, added_days INTEGER, carried_days INTEGER, carried_at_most DOUBLE) AS TABLE
WITH worlds AS (
    SELECT
        forecasts.lot_id,
        forecasts.usable_until,
        CAST(forecasts.remaining_quantity AS DOUBLE) AS held,
        forecasts.usable_until - as_of AS days,
        -- Empty without a cap ahead: greatest passes over what is empty.
        CASE WHEN first_lapse.lapses_on < forecasts.usable_until THEN first_lapse.lapses_on - as_of END AS days_to_cap,
        CAST(first_lapse.lapses_quantity AS DOUBLE) AS above_cap,
        unnest(forecasts.draws) AS draw
    FROM forecasts
    LEFT JOIN first_lapse(as_of) AS first_lapse ON forecasts.lot_id = first_lapse.lot_id
    WHERE forecasts.origin = as_of AND forecasts.lot_id = lot AND forecasts.usable_until > as_of
),

paced AS (
    SELECT
        worlds.lot_id,
        worlds.usable_until,
        worlds.held,
        worlds.days,
        worlds.days_to_cap,
        worlds.above_cap,
        worlds.draw,
        (worlds.held - worlds.draw) / worlds.days AS pace,
        pace + more_monthly / 30 AS daily
    FROM worlds
),

capped AS (
    SELECT
        paced.lot_id,
        paced.usable_until,
        paced.held,
        paced.days,
        paced.daily,
        greatest(paced.draw, paced.above_cap - paced.pace * paced.days_to_cap) AS forecast,
        greatest(0, paced.above_cap - paced.daily * (paced.days_to_cap + added_days)) AS lost
    FROM paced
),

ended AS (
    SELECT
        capped.lot_id,
        capped.usable_until,
        capped.forecast,
        capped.daily,
        capped.lost,
        greatest(0, capped.held - capped.lost - capped.daily * (capped.days + added_days)) AS at_end
    FROM capped
),

lapsed AS (
    SELECT
        ended.lot_id,
        ended.usable_until,
        ended.forecast,
        ended.lost
        + CASE
            WHEN carried_days = 0 THEN ended.at_end
            ELSE
                greatest(0, ended.at_end - carried_at_most)
                + greatest(0, least(ended.at_end, carried_at_most) - ended.daily * carried_days)
        END AS what_if
    FROM ended
),

summed AS (
    SELECT
        lapsed.lot_id,
        any_value(lapsed.usable_until) AS usable_until,
        avg(lapsed.forecast) AS forecast,
        avg(CASE WHEN lapsed.forecast < 0.00005 THEN 1 ELSE 0 END) AS forecast_chance,
        CAST(avg(lapsed.what_if) AS DECIMAL(18, 4)) AS expected_quantity,
        CAST(quantile_cont(lapsed.what_if, [0.1, 0.25, 0.75, 0.9]) AS DECIMAL(18, 4)[]) AS levels,
        avg(CASE WHEN lapsed.what_if < 0.00005 THEN 1 ELSE 0 END) AS used_up_chance
    FROM lapsed
    GROUP BY lapsed.lot_id
)

SELECT
    summed.lot_id,
    lot_terms.contract_id,
    lot_terms.unit,
    lot_terms.currency,
    summed.usable_until + added_days + carried_days AS usable_until,
    CAST(summed.forecast AS DECIMAL(18, 4)) AS forecast_quantity,
    summed.forecast_chance,
    summed.expected_quantity,
    summed.levels[1] AS low_quantity,
    summed.levels[2] AS lower_quantity,
    summed.levels[3] AS upper_quantity,
    summed.levels[4] AS high_quantity,
    price_of_units(lot_terms.amount, lot_terms.quantity, summed.expected_quantity, lot_terms.minor_unit)
        AS expected_amount,
    price_of_units(lot_terms.amount, lot_terms.quantity, summed.levels[1], lot_terms.minor_unit) AS low_amount,
    price_of_units(lot_terms.amount, lot_terms.quantity, summed.levels[4], lot_terms.minor_unit) AS high_amount,
    summed.used_up_chance
FROM summed
INNER JOIN lot_terms ON summed.lot_id = lot_terms.lot_id;
