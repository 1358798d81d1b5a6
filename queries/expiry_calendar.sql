-- When the open balance ends, and how much of it is forecast to lapse.
--
-- Grain:   one row per currency and month of last use of an open lot; lots that never end have none
-- Order:   currency, month_start
-- Reads:   watch_list
-- Rules:   R1.2, R11.3
-- Columns:
--   currency          VARCHAR        currency of the amounts
--   month_start       DATE           first day of the month in which the lots' last usable day falls
--   lot_count         BIGINT         open lots ending in the month
--   remaining_amount  DECIMAL(18,3)  price of the units they still hold
--   expected_amount   DECIMAL(18,3)  of this, forecast to lapse
CREATE OR REPLACE MACRO expiry_calendar(as_of DATE) AS TABLE
SELECT
    watch_list.currency,
    CAST(date_trunc('month', watch_list.usable_until) AS DATE) AS month_start,
    count(*) AS lot_count,
    CAST(sum(watch_list.remaining_amount) AS DECIMAL(18, 3)) AS remaining_amount,
    CAST(sum(watch_list.expected_amount) AS DECIMAL(18, 3)) AS expected_amount
FROM watch_list(as_of) AS watch_list
WHERE watch_list.usable_until IS NOT NULL
GROUP BY watch_list.currency, CAST(date_trunc('month', watch_list.usable_until) AS DATE);
