-- What lapsed in past quarters beside what had been forecast a quarter ahead, and what is forecast for those to come.
--
-- A past quarter's forecast is made on the day before it began, for the lots ending in it; the quarter under way counts
-- what has lapsed in it so far. Lots of a quarter tend to miss together: interval widths are added accordingly.
--
-- Grain:   one row per currency and quarter of last use, from two years before as_of to the last open lot
-- Order:   currency, quarter_start
-- Reads:   currencies, lot_balance, unused_forecast_at
-- Rules:   R1.2, R11.3
-- Columns:
--   currency         VARCHAR        currency of the amounts
--   quarter_start    DATE           first day of the quarter
--   is_past          BOOLEAN        the quarter had ended by as_of
--   lot_count        BIGINT         lots forecast
--   expected_amount  DECIMAL(18,3)  forecast unused; empty where no lot was open a quarter ahead
--   low_amount       DECIMAL(18,3)  lower end of its 80% interval
--   high_amount      DECIMAL(18,3)  upper end of its 80% interval
--   lapsed_amount    DECIMAL(18,3)  what came of it: price of what lapsed; empty before the quarter ends
CREATE OR REPLACE MACRO unused_by_quarter(as_of DATE) AS TABLE
WITH forecasts AS (
    SELECT
        unused_forecast_at.origin,
        unused_forecast_at.lot_id,
        unused_forecast_at.currency,
        CAST(date_trunc('quarter', unused_forecast_at.usable_until) AS DATE) AS quarter_start,
        unused_forecast_at.expected_amount,
        unused_forecast_at.expected_amount - unused_forecast_at.low_amount AS below,
        unused_forecast_at.high_amount - unused_forecast_at.expected_amount AS above
    FROM unused_forecast_at(
        list_append(
            [
                CAST(date_trunc('quarter', as_of + 1) - to_months(3 * back) AS DATE) - 1
                FOR back IN generate_series(1, 8)
            ],
            as_of
        )
    ) AS unused_forecast_at
),

ahead AS (
    SELECT
        forecasts.lot_id,
        forecasts.currency,
        forecasts.quarter_start,
        forecasts.expected_amount,
        forecasts.below,
        forecasts.above
    FROM forecasts
    WHERE
        CASE
            WHEN forecasts.origin = as_of THEN forecasts.quarter_start >= date_trunc('quarter', as_of + 1)
            ELSE forecasts.quarter_start = forecasts.origin + 1
        END
),

totals AS (
    SELECT
        ahead.currency,
        ahead.quarter_start,
        count(*) AS lot_count,
        sum(ahead.expected_amount) AS expected,
        joint_half_width(sum(ahead.below), sum(ahead.below ** 2)) AS below,
        joint_half_width(sum(ahead.above), sum(ahead.above ** 2)) AS above
    FROM ahead
    GROUP BY ahead.currency, ahead.quarter_start
),

outcomes AS (
    SELECT
        lot_balance.currency,
        CAST(date_trunc('quarter', lot_balance.usable_until) AS DATE) AS quarter_start,
        sum(lot_balance.lapsed_amount) AS lapsed
    FROM lot_balance(as_of) AS lot_balance
    WHERE
        lot_balance.usable_until <= as_of
        AND lot_balance.usable_until >= date_trunc('quarter', as_of + 1) - to_months(24)
    GROUP BY lot_balance.currency, CAST(date_trunc('quarter', lot_balance.usable_until) AS DATE)
),

joined AS (
    SELECT
        coalesce(totals.currency, outcomes.currency) AS currency,
        coalesce(totals.quarter_start, outcomes.quarter_start) AS quarter_start,
        coalesce(totals.quarter_start, outcomes.quarter_start) < date_trunc('quarter', as_of + 1) AS is_past,
        coalesce(totals.lot_count, 0) AS lot_count,
        -- of the quarter under way, what has lapsed already is certain
        CASE WHEN is_past THEN totals.expected ELSE coalesce(totals.expected, 0) + coalesce(outcomes.lapsed, 0) END
            AS expected,
        coalesce(totals.below, 0) AS below,
        coalesce(totals.above, 0) AS above,
        outcomes.lapsed
    FROM totals
    FULL JOIN outcomes ON totals.currency = outcomes.currency AND totals.quarter_start = outcomes.quarter_start
)

SELECT
    joined.currency,
    joined.quarter_start,
    joined.is_past,
    joined.lot_count,
    CAST(joined.expected AS DECIMAL(18, 3)) AS expected_amount,
    CASE
        WHEN joined.expected IS NOT NULL
            THEN
                estimated_money(
                    greatest(
                        CASE WHEN joined.is_past THEN 0 ELSE coalesce(joined.lapsed, 0) END,
                        joined.expected - joined.below
                    ),
                    currencies.minor_unit
                )
    END AS low_amount,
    estimated_money(joined.expected + joined.above, currencies.minor_unit) AS high_amount,
    CAST(CASE WHEN joined.is_past THEN coalesce(joined.lapsed, 0) END AS DECIMAL(18, 3)) AS lapsed_amount
FROM joined
INNER JOIN currencies ON joined.currency = currencies.currency;
