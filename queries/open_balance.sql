-- What clients still hold on one day, and how much of it ends soon.
--
-- Grain:   one row per currency with a lot open or in grace at as_of
-- Order:   currency
-- Reads:   lot_balance
-- Rules:   R1.2, R1.3, R11.3
-- Columns:
--   currency            VARCHAR        currency of the amounts; currencies are never added
--   client_count        BIGINT         clients with an open lot
--   lot_count           BIGINT         lots open or in grace
--   open_amount         DECIMAL(18,3)  price of the units they still hold
--   ending_30_amount    DECIMAL(18,3)  of this, in lots that end within 30 days
--   ending_60_amount    DECIMAL(18,3)  within 60 days
--   ending_90_amount    DECIMAL(18,3)  within 90 days
CREATE OR REPLACE MACRO open_balance(as_of DATE) AS TABLE
WITH held AS (
    SELECT
        lot_balance.currency,
        lot_balance.account_id,
        lot_balance.remaining_amount,
        lot_balance.usable_until - as_of AS days_left
    FROM lot_balance(as_of) AS lot_balance
    WHERE lot_balance.status IN ('open', 'grace')
)

SELECT
    held.currency,
    count(DISTINCT held.account_id) AS client_count,
    count(*) AS lot_count,
    CAST(sum(held.remaining_amount) AS DECIMAL(18, 3)) AS open_amount,
    CAST(coalesce(sum(held.remaining_amount) FILTER (WHERE held.days_left <= 30), 0) AS DECIMAL(18, 3))
        AS ending_30_amount,
    CAST(coalesce(sum(held.remaining_amount) FILTER (WHERE held.days_left <= 60), 0) AS DECIMAL(18, 3))
        AS ending_60_amount,
    CAST(coalesce(sum(held.remaining_amount) FILTER (WHERE held.days_left <= 90), 0) AS DECIMAL(18, 3))
        AS ending_90_amount
FROM held
GROUP BY held.currency;
