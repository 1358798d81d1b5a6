-- What lapsed in past quarters beside what had been forecast a quarter ahead, and what is forecast for those to come.
--
-- A past quarter's forecast is made on the day before it began, for the lots ending in it. Lots of a quarter tend to
-- miss together: interval widths are added with a correlation of 0.15 between any two lots.
--
-- Grain:   one row per currency and quarter of last use, from two years before as_of to the last open lot
-- Order:   currency, quarter_start
-- Reads:   lot_balance, unused_forecast_at
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

ended AS (
    SELECT
        lot_balance.currency,
        CAST(date_trunc('quarter', lot_balance.usable_until) AS DATE) AS quarter_start,
        lot_balance.lapsed_amount
    FROM lot_balance(as_of) AS lot_balance
),

outcomes AS (
    SELECT
        ended.currency,
        ended.quarter_start,
        sum(ended.lapsed_amount) AS lapsed
    FROM ended
    WHERE
        ended.quarter_start < date_trunc('quarter', as_of + 1)
        AND ended.quarter_start >= date_trunc('quarter', as_of + 1) - to_months(24)
    GROUP BY ended.currency, ended.quarter_start
)

SELECT
    coalesce(totals.currency, outcomes.currency) AS currency,
    coalesce(totals.quarter_start, outcomes.quarter_start) AS quarter_start,
    outcomes.lapsed IS NOT NULL AS is_past,
    coalesce(totals.lot_count, 0) AS lot_count,
    CAST(totals.expected AS DECIMAL(18, 3)) AS expected_amount,
    CASE WHEN totals.expected IS NOT NULL THEN CAST(greatest(0, totals.expected - totals.below) AS DECIMAL(18, 3)) END
        AS low_amount,
    CAST(totals.expected + totals.above AS DECIMAL(18, 3)) AS high_amount,
    CAST(outcomes.lapsed AS DECIMAL(18, 3)) AS lapsed_amount
FROM totals
FULL JOIN outcomes ON totals.currency = outcomes.currency AND totals.quarter_start = outcomes.quarter_start;
