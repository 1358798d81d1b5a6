-- What each open lot is forecast to leave unused (queries/forecast), with its chance of running out before the end.
--
-- Made on the day asked about from what was known by its close: deliveries posted by then, amendments in effect, and the
-- outcomes of lots that had ended. Booked requests count as use to come. Levels are quantiles: low to high holds 80%.
--
-- Grain:   one row per lot with an end that has begun by as_of and holds units
-- Order:   lot_id
-- Reads:   forecasts, lot_terms
-- Rules:   R1.2, R1.3
-- Columns:
--   lot_id             VARCHAR        the lot
--   contract_id        VARCHAR        its contract
--   currency           VARCHAR        currency of the amounts
--   usable_until       DATE           its last usable day, as known on as_of
--   unit               VARCHAR        unit of the quantities
--   remaining_quantity DECIMAL(18,4)  units left on as_of
--   elapsed_share      DOUBLE         share of the term passed, 0 to 1
--   used_share         DOUBLE         share of the units drawn, 0 to 1
--   learned_from       BIGINT         ended lots the forecast rests on
--   expected_quantity  DECIMAL(18,4)  units expected to be left at the end
--   low_quantity       DECIMAL(18,4)  10% quantile: lower end of the 80% interval
--   lower_quantity     DECIMAL(18,4)  25% quantile
--   middle_quantity    DECIMAL(18,4)  median
--   upper_quantity     DECIMAL(18,4)  75% quantile
--   high_quantity      DECIMAL(18,4)  90% quantile: upper end of the 80% interval
--   expected_amount    DECIMAL(18,3)  price of expected_quantity
--   low_amount         DECIMAL(18,3)  price of low_quantity
--   high_amount        DECIMAL(18,3)  price of high_quantity
--   runs_out_chance    DOUBLE         chance that nothing is left before the end, 0 to 1
--   runs_out_on        DATE           the day that would be, in the middle of what is likely; empty = it never came to it
CREATE OR REPLACE MACRO unused_forecast(as_of DATE) AS TABLE
WITH levelled AS (
    SELECT
        forecasts.lot_id,
        lot_terms.contract_id,
        lot_terms.currency,
        lot_terms.minor_unit,
        lot_terms.amount,
        lot_terms.quantity,
        lot_terms.unit,
        forecasts.usable_until,
        forecasts.remaining_quantity,
        forecasts.elapsed_share,
        forecasts.used_share,
        forecasts.learned_from,
        forecasts.runs_out AS runs_out_chance,
        forecasts.runs_out_on,
        CAST(forecasts.expected AS DECIMAL(18, 4)) AS expected_quantity,
        CAST(forecasts.levels[2] AS DECIMAL(18, 4)) AS low_quantity,
        CAST(forecasts.levels[3] AS DECIMAL(18, 4)) AS lower_quantity,
        CAST(forecasts.levels[4] AS DECIMAL(18, 4)) AS middle_quantity,
        CAST(forecasts.levels[5] AS DECIMAL(18, 4)) AS upper_quantity,
        CAST(forecasts.levels[6] AS DECIMAL(18, 4)) AS high_quantity
    FROM forecasts
    INNER JOIN lot_terms ON forecasts.lot_id = lot_terms.lot_id
    WHERE forecasts.origin = as_of
)

SELECT
    levelled.lot_id,
    levelled.contract_id,
    levelled.currency,
    levelled.usable_until,
    levelled.unit,
    levelled.remaining_quantity,
    levelled.elapsed_share,
    levelled.used_share,
    levelled.learned_from,
    levelled.expected_quantity,
    levelled.low_quantity,
    levelled.lower_quantity,
    levelled.middle_quantity,
    levelled.upper_quantity,
    levelled.high_quantity,
    price_of_units(levelled.amount, levelled.quantity, levelled.expected_quantity, levelled.minor_unit)
        AS expected_amount,
    price_of_units(levelled.amount, levelled.quantity, levelled.low_quantity, levelled.minor_unit) AS low_amount,
    price_of_units(levelled.amount, levelled.quantity, levelled.high_quantity, levelled.minor_unit) AS high_amount,
    levelled.runs_out_chance,
    levelled.runs_out_on
FROM levelled;
