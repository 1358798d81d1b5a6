-- Clients by the money at risk of lapsing, and how late there is still time to act: whom to call first.
--
-- The interval counts how far the client's lots miss together (unused_draws). A lot is at risk where at least a tenth of
-- what it holds is forecast to be left. act_by and what is beyond reach are those of lot_reach: the last day to begin at
-- twice the recent pace, or at the best the contract has shown, and still use the lot up.
--
-- Grain:   one row per client and currency with a lot open or in grace at as_of
-- Order:   currency, expected_amount DESC, days_left, account_id
-- Reads:   currencies, lot_reach, unused_draws, watch_list
-- Rules:   R1.2, R1.3, R7.4, R11.3
-- Columns:
--   account_id       VARCHAR        the client
--   account_name     VARCHAR        the client's name
--   owner            VARCHAR        who sees its budgets through; several are separated by commas
--   currency         VARCHAR        currency of the amounts
--   lot_count        BIGINT         lots open or in grace
--   at_risk_count    BIGINT         of these, at risk
--   lot_id           VARCHAR        the lot with the most money at risk
--   open_amount      DECIMAL(18,3)  price of the units they hold
--   expected_amount  DECIMAL(18,3)  price of the units forecast unused: the money at risk
--   low_amount       DECIMAL(18,3)  lower end of its 80% interval
--   high_amount      DECIMAL(18,3)  upper end of its 80% interval
--   beyond_amount    DECIMAL(18,3)  price of the units beyond reach in lots at risk: only a later end saves them
--   first_end        DATE           first day on which units of a lot at risk lapse; empty = none is
--   days_left        BIGINT         days from as_of to it
--   act_by           DATE           first act_by among the lots at risk: as_of where one is past it; empty = none is at risk
CREATE OR REPLACE MACRO client_risk(as_of DATE) AS TABLE
WITH watched AS (
    SELECT
        watch_list.lot_id,
        watch_list.account_id,
        watch_list.account_name,
        watch_list.owner,
        watch_list.currency,
        watch_list.lapses_on,
        watch_list.remaining_amount,
        watch_list.expected_amount,
        coalesce(lot_reach.act_by, as_of) AS act_by,
        lot_reach.beyond_amount,
        watch_list.expected_quantity > 0 AND 10 * watch_list.expected_quantity >= watch_list.remaining_quantity
            AS is_at_risk
    FROM watch_list(as_of) AS watch_list
    LEFT JOIN lot_reach(as_of) AS lot_reach ON watch_list.lot_id = lot_reach.lot_id
),

clients AS (
    SELECT
        watched.account_id,
        watched.currency,
        any_value(watched.account_name) AS account_name,
        string_agg(DISTINCT watched.owner, ', ' ORDER BY watched.owner) AS owner,
        count(*) AS lot_count,
        count(*) FILTER (WHERE watched.is_at_risk) AS at_risk_count,
        first(watched.lot_id ORDER BY watched.expected_amount DESC, watched.lot_id) AS lot_id,
        sum(watched.remaining_amount) AS open_amount,
        sum(watched.expected_amount) AS expected_amount,
        sum(watched.beyond_amount) FILTER (WHERE watched.is_at_risk) AS beyond_amount,
        min(watched.lapses_on) FILTER (WHERE watched.is_at_risk) AS first_end,
        min(watched.act_by) FILTER (WHERE watched.is_at_risk) AS act_by
    FROM watched
    GROUP BY watched.account_id, watched.currency
),

worlds AS (
    SELECT
        watched.account_id,
        watched.currency,
        unused_draws.draw_no,
        sum(unused_draws.amount) AS amount
    FROM unused_draws(as_of) AS unused_draws
    INNER JOIN watched ON unused_draws.lot_id = watched.lot_id
    WHERE unused_draws.origin = as_of
    GROUP BY watched.account_id, watched.currency, unused_draws.draw_no
),

intervals AS (
    SELECT
        worlds.account_id,
        worlds.currency,
        quantile_cont(worlds.amount, 0.1) AS low,
        quantile_cont(worlds.amount, 0.9) AS high
    FROM worlds
    GROUP BY worlds.account_id, worlds.currency
)

SELECT
    clients.account_id,
    clients.account_name,
    clients.owner,
    clients.currency,
    clients.lot_count,
    clients.at_risk_count,
    clients.lot_id,
    CAST(clients.open_amount AS DECIMAL(18, 3)) AS open_amount,
    CAST(clients.expected_amount AS DECIMAL(18, 3)) AS expected_amount,
    estimated_money(coalesce(intervals.low, 0), currencies.minor_unit) AS low_amount,
    estimated_money(coalesce(intervals.high, 0), currencies.minor_unit) AS high_amount,
    CAST(coalesce(clients.beyond_amount, 0) AS DECIMAL(18, 3)) AS beyond_amount,
    clients.first_end,
    clients.first_end - as_of AS days_left,
    clients.act_by
FROM clients
INNER JOIN currencies ON clients.currency = currencies.currency
LEFT JOIN intervals ON clients.account_id = intervals.account_id AND clients.currency = intervals.currency;
