-- What lapsed in past quarters beside what had been forecast a quarter ahead, and what is forecast for those to come.
--
-- A past quarter's forecast was made on the day before it began, from what was known then; the quarter under way counts
-- what has lapsed in it so far.
--
-- Grain:   one row per currency and quarter of last use, from two years before as_of to the last open lot
-- Order:   currency, quarter_start
-- Reads:   lot_balance, quarter_forecasts
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
WITH ahead AS (
    FROM quarter_forecasts(as_of) AS quarter_forecasts
    WHERE
        CASE
            WHEN quarter_forecasts.is_past THEN quarter_forecasts.quarter_start = quarter_forecasts.origin + 1
            ELSE quarter_forecasts.origin = as_of
        END
        AND quarter_forecasts.quarter_start >= date_trunc('quarter', as_of + 1) - to_months(24)
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
    GROUP BY lot_balance.currency, date_trunc('quarter', lot_balance.usable_until)
),

joined AS (
    SELECT
        coalesce(ahead.currency, outcomes.currency) AS currency,
        coalesce(ahead.quarter_start, outcomes.quarter_start) AS quarter_start,
        coalesce(ahead.quarter_start, outcomes.quarter_start) < date_trunc('quarter', as_of + 1) AS is_past,
        coalesce(ahead.lot_count, 0) AS lot_count,
        ahead.expected_amount,
        ahead.low_amount,
        ahead.high_amount,
        outcomes.lapsed
    FROM ahead
    FULL JOIN outcomes ON ahead.currency = outcomes.currency AND ahead.quarter_start = outcomes.quarter_start
),

-- of the quarter under way, what has lapsed already is certain
counted AS (
    SELECT
        joined.currency,
        joined.quarter_start,
        joined.is_past,
        joined.lot_count,
        joined.expected_amount,
        joined.low_amount,
        joined.high_amount,
        joined.lapsed,
        CASE WHEN NOT joined.is_past THEN coalesce(joined.lapsed, 0) END AS certain
    FROM joined
)

SELECT
    counted.currency,
    counted.quarter_start,
    counted.is_past,
    counted.lot_count,
    CAST(coalesce(counted.expected_amount + coalesce(counted.certain, 0), counted.certain) AS DECIMAL(18, 3))
        AS expected_amount,
    CAST(coalesce(counted.low_amount + coalesce(counted.certain, 0), counted.certain) AS DECIMAL(18, 3)) AS low_amount,
    CAST(coalesce(counted.high_amount + coalesce(counted.certain, 0), counted.certain) AS DECIMAL(18, 3)) AS high_amount,
    CAST(CASE WHEN counted.is_past THEN coalesce(counted.lapsed, 0) END AS DECIMAL(18, 3)) AS lapsed_amount
FROM counted;
