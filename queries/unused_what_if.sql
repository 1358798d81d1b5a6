-- What open lots would leave unused with more time or a higher burn, beside what is forecast.
--
-- A judgement aid: in each of the two hundred ways the future may go, the use to come is stretched to the added days at
-- the pace it has there, and multiplied by the burn; a lot that would run out anyway still does.
--
-- Grain:   one row per currency with an open lot that has an end
-- Order:   currency
-- Reads:   currencies, unused_draws
-- Rules:   R7.1, R11.3
-- Columns:
--   currency         VARCHAR        currency of the amounts
--   lot_count        BIGINT         open lots with an end
--   forecast_amount  DECIMAL(18,3)  forecast unused as things are: mean of the draws
--   what_if_amount   DECIMAL(18,3)  forecast unused with the added days and burn
--   low_amount       DECIMAL(18,3)  lower end of its 80% interval
--   high_amount      DECIMAL(18,3)  upper end of its 80% interval
CREATE OR REPLACE MACRO unused_what_if(as_of DATE, added_days INTEGER, burn DOUBLE) AS TABLE
WITH worlds AS (
    SELECT
        unused_draws.currency,
        unused_draws.draw_no,
        count(*) AS lot_count,
        sum(unused_draws.amount) AS forecast,
        sum(
            greatest(
                0,
                unused_draws.remaining
                - (unused_draws.remaining - unused_draws.amount)
                * burn
                * (unused_draws.usable_until - as_of + added_days)
                / (unused_draws.usable_until - as_of)
            )
        ) AS what_if
    FROM unused_draws(as_of) AS unused_draws
    WHERE unused_draws.origin = as_of AND unused_draws.usable_until > as_of
    GROUP BY unused_draws.currency, unused_draws.draw_no
),

totals AS (
    SELECT
        worlds.currency,
        max(worlds.lot_count) AS lot_count,
        avg(worlds.forecast) AS forecast,
        avg(worlds.what_if) AS what_if,
        quantile_cont(worlds.what_if, 0.1) AS low,
        quantile_cont(worlds.what_if, 0.9) AS high
    FROM worlds
    GROUP BY worlds.currency
)

SELECT
    totals.currency,
    totals.lot_count,
    estimated_money(totals.forecast, currencies.minor_unit) AS forecast_amount,
    estimated_money(totals.what_if, currencies.minor_unit) AS what_if_amount,
    estimated_money(totals.low, currencies.minor_unit) AS low_amount,
    estimated_money(totals.high, currencies.minor_unit) AS high_amount
FROM totals
INNER JOIN currencies ON totals.currency = currencies.currency;
