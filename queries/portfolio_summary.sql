-- The portfolio on one day: what is open, what ends soon, what will lapse, what is deferred and what is still to earn.
--
-- Deferred revenue and backlog follow the policy each contract is booked under. The interval of the forecast counts how
-- far lots miss together (unused_draws).
--
-- Grain:   one row per currency with a contract booked, billed or earned by as_of
-- Order:   currency
-- Reads:   backlog, currencies, open_balance, unused_draws, watch_list
-- Rules:   R8.2, R8.4, R11.3
-- Columns:
--   currency            VARCHAR        currency of the amounts; currencies are never added
--   client_count        BIGINT         clients with an open lot
--   lot_count           BIGINT         lots open or in grace
--   open_amount         DECIMAL(18,3)  price of the units they still hold
--   ending_30_amount    DECIMAL(18,3)  of this, in lots that end within 30 days
--   ending_60_amount    DECIMAL(18,3)  within 60 days
--   ending_90_amount    DECIMAL(18,3)  within 90 days
--   expected_amount     DECIMAL(18,3)  forecast unused at the end of the open lots
--   low_amount          DECIMAL(18,3)  lower end of its 80% interval
--   high_amount         DECIMAL(18,3)  upper end of its 80% interval
--   deferred_revenue    DECIMAL(18,3)  contract liabilities: billed and not yet earned
--   contract_assets     DECIMAL(18,3)  earned and not yet billed; not netted against the liabilities
--   backlog             DECIMAL(18,3)  agreed price not yet recognised
CREATE OR REPLACE MACRO portfolio_summary(as_of DATE) AS TABLE
WITH expected AS (
    SELECT
        watch_list.currency,
        sum(watch_list.expected_amount) AS expected_amount
    FROM watch_list(as_of) AS watch_list
    GROUP BY watch_list.currency
),

worlds AS (
    SELECT
        unused_draws.currency,
        unused_draws.draw_no,
        sum(unused_draws.amount) AS amount
    FROM unused_draws(as_of) AS unused_draws
    WHERE unused_draws.origin = as_of
    GROUP BY unused_draws.currency, unused_draws.draw_no
),

intervals AS (
    SELECT
        worlds.currency,
        quantile_cont(worlds.amount, 0.1) AS low,
        quantile_cont(worlds.amount, 0.9) AS high
    FROM worlds
    GROUP BY worlds.currency
),

positions AS (
    SELECT
        backlog.currency,
        sum(backlog.deferred_net) FILTER (WHERE backlog.deferred_net > 0) AS deferred_revenue,
        -sum(backlog.deferred_net) FILTER (WHERE backlog.deferred_net < 0) AS contract_assets,
        sum(backlog.backlog) AS backlog
    FROM backlog(as_of) AS backlog
    WHERE backlog.policy = 'booked'
    GROUP BY backlog.currency
)

SELECT
    positions.currency,
    coalesce(open_balance.client_count, 0) AS client_count,
    coalesce(open_balance.lot_count, 0) AS lot_count,
    CAST(coalesce(open_balance.open_amount, 0) AS DECIMAL(18, 3)) AS open_amount,
    CAST(coalesce(open_balance.ending_30_amount, 0) AS DECIMAL(18, 3)) AS ending_30_amount,
    CAST(coalesce(open_balance.ending_60_amount, 0) AS DECIMAL(18, 3)) AS ending_60_amount,
    CAST(coalesce(open_balance.ending_90_amount, 0) AS DECIMAL(18, 3)) AS ending_90_amount,
    CAST(coalesce(expected.expected_amount, 0) AS DECIMAL(18, 3)) AS expected_amount,
    estimated_money(coalesce(intervals.low, 0), currencies.minor_unit) AS low_amount,
    estimated_money(coalesce(intervals.high, 0), currencies.minor_unit) AS high_amount,
    CAST(coalesce(positions.deferred_revenue, 0) AS DECIMAL(18, 3)) AS deferred_revenue,
    CAST(coalesce(positions.contract_assets, 0) AS DECIMAL(18, 3)) AS contract_assets,
    CAST(positions.backlog AS DECIMAL(18, 3)) AS backlog
FROM positions
INNER JOIN currencies ON positions.currency = currencies.currency
LEFT JOIN open_balance(as_of) AS open_balance ON positions.currency = open_balance.currency
LEFT JOIN expected ON positions.currency = expected.currency
LEFT JOIN intervals ON positions.currency = intervals.currency;
