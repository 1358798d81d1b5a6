-- What each quarter was forecast to leave unused, at every quarter end before it, and what came of those lots.
--
-- The record: a forecast is compared with the end of the very lots it was made for. A lot that was extended has not
-- ended in its quarter and left nothing in it.
--
-- Grain:   one row per currency, quarter of last use and day a forecast was made on
-- Order:   currency, quarter_start, origin
-- Reads:   currencies, forecasts, lot_balance, lot_terms, movements, unused_draws
-- Rules:   R1.2, R7.4, R11.3
-- Columns:
--   currency         VARCHAR        currency of the amounts
--   quarter_start    DATE           first day of the quarter
--   origin           DATE           day the forecast was made: as_of, or a quarter end of the three years before it
--   is_past          BOOLEAN        the quarter had ended by as_of
--   lot_count        BIGINT         lots forecast
--   expected_amount  DECIMAL(18,3)  forecast unused
--   low_amount       DECIMAL(18,3)  lower end of its 80% interval
--   high_amount      DECIMAL(18,3)  upper end of its 80% interval
--   lapsed_amount    DECIMAL(18,3)  price of what those lots left; empty before the quarter ends
CREATE OR REPLACE MACRO quarter_forecasts(as_of DATE) AS TABLE
WITH origins AS (
    SELECT as_of AS origin
    UNION
    SELECT CAST(date_trunc('quarter', as_of) - to_months(3 * unnest(generate_series(0, 11))) AS DATE) - 1 AS origin
),

worlds AS (
    SELECT
        unused_draws.origin,
        unused_draws.currency,
        CAST(date_trunc('quarter', unused_draws.usable_until) AS DATE) AS quarter_start,
        unused_draws.draw_no,
        sum(unused_draws.amount) AS amount
    FROM unused_draws(as_of) AS unused_draws
    INNER JOIN origins ON unused_draws.origin = origins.origin
    GROUP BY
        unused_draws.origin,
        unused_draws.currency,
        date_trunc('quarter', unused_draws.usable_until),
        unused_draws.draw_no
),

intervals AS (
    SELECT
        worlds.origin,
        worlds.currency,
        worlds.quarter_start,
        quantile_cont(worlds.amount, 0.1) AS low,
        quantile_cont(worlds.amount, 0.9) AS high
    FROM worlds
    GROUP BY worlds.origin, worlds.currency, worlds.quarter_start
),

outcomes AS (
    SELECT
        lot_balance.lot_id,
        lot_balance.usable_until,
        lot_balance.lapsed_amount
    FROM lot_balance(as_of) AS lot_balance
    WHERE lot_balance.usable_until <= as_of
),

-- what a carry-over cap had taken before is no part of the forecast
lapsed_before AS (
    SELECT
        forecasts.origin,
        forecasts.lot_id,
        sum(movements.amount) AS amount
    FROM forecasts
    INNER JOIN movements ON forecasts.lot_id = movements.lot_id AND forecasts.origin >= movements.moved_on
    WHERE movements.kind = 'lapse'
    GROUP BY forecasts.origin, forecasts.lot_id
),

forecast_lots AS (
    SELECT
        forecasts.origin,
        lot_terms.currency,
        CAST(date_trunc('quarter', forecasts.usable_until) AS DATE) AS quarter_start,
        count(*) AS lot_count,
        sum(forecasts.expected * CAST(lot_terms.amount AS DOUBLE) / CAST(lot_terms.quantity AS DOUBLE)) AS expected,
        sum(outcomes.lapsed_amount - coalesce(lapsed_before.amount, 0)) FILTER (
            WHERE date_trunc('quarter', outcomes.usable_until) = date_trunc('quarter', forecasts.usable_until)
        ) AS lapsed
    FROM forecasts
    INNER JOIN origins ON forecasts.origin = origins.origin
    INNER JOIN lot_terms ON forecasts.lot_id = lot_terms.lot_id
    LEFT JOIN outcomes ON forecasts.lot_id = outcomes.lot_id
    LEFT JOIN lapsed_before ON forecasts.origin = lapsed_before.origin AND forecasts.lot_id = lapsed_before.lot_id
    GROUP BY forecasts.origin, lot_terms.currency, date_trunc('quarter', forecasts.usable_until)
)

SELECT
    forecast_lots.currency,
    forecast_lots.quarter_start,
    forecast_lots.origin,
    forecast_lots.quarter_start + to_months(3) <= as_of + 1 AS is_past,
    forecast_lots.lot_count,
    estimated_money(forecast_lots.expected, currencies.minor_unit) AS expected_amount,
    estimated_money(intervals.low, currencies.minor_unit) AS low_amount,
    estimated_money(intervals.high, currencies.minor_unit) AS high_amount,
    CAST(
        CASE WHEN forecast_lots.quarter_start + to_months(3) <= as_of + 1 THEN coalesce(forecast_lots.lapsed, 0) END
        AS DECIMAL(18, 3)
    ) AS lapsed_amount
FROM forecast_lots
INNER JOIN intervals
    ON
        forecast_lots.origin = intervals.origin
        AND forecast_lots.currency = intervals.currency
        AND forecast_lots.quarter_start = intervals.quarter_start
INNER JOIN currencies ON forecast_lots.currency = currencies.currency;
