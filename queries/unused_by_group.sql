-- What open lots are forecast to leave unused, by service, segment or owner.
--
-- Grain:   one row per currency and member of the dimension
-- Order:   currency, expected_amount DESC, member
-- Reads:   currencies, unused_draws, watch_list
-- Rules:   R1.2, R11.3
-- Columns:
--   currency          VARCHAR        currency of the amounts
--   member            VARCHAR        the service, segment or owner
--   lot_count         BIGINT         open lots
--   remaining_amount  DECIMAL(18,3)  price of the units they still hold
--   expected_amount   DECIMAL(18,3)  forecast unused
--   low_amount        DECIMAL(18,3)  lower end of its 80% interval
--   high_amount       DECIMAL(18,3)  upper end of its 80% interval
CREATE OR REPLACE MACRO unused_by_group(as_of DATE, dimension VARCHAR) AS TABLE
WITH members AS (
    SELECT
        watch_list.lot_id,
        watch_list.currency,
        watch_list.remaining_amount,
        watch_list.expected_amount,
        CASE dimension
            WHEN 'service' THEN watch_list.service
            WHEN 'segment' THEN watch_list.segment
            WHEN 'owner' THEN watch_list.owner
            ELSE error('dimension must be service, segment or owner')
        END AS member
    FROM watch_list(as_of) AS watch_list
),

worlds AS (
    SELECT
        members.currency,
        members.member,
        unused_draws.draw_no,
        sum(unused_draws.amount) AS amount
    FROM members
    INNER JOIN unused_draws(as_of) AS unused_draws ON members.lot_id = unused_draws.lot_id
    WHERE unused_draws.origin = as_of
    GROUP BY members.currency, members.member, unused_draws.draw_no
),

intervals AS (
    SELECT
        worlds.currency,
        worlds.member,
        quantile_cont(worlds.amount, 0.1) AS low,
        quantile_cont(worlds.amount, 0.9) AS high
    FROM worlds
    GROUP BY worlds.currency, worlds.member
),

grouped AS (
    SELECT
        members.currency,
        members.member,
        count(*) AS lot_count,
        sum(members.remaining_amount) AS remaining,
        sum(members.expected_amount) AS expected
    FROM members
    GROUP BY members.currency, members.member
)

SELECT
    grouped.currency,
    grouped.member,
    grouped.lot_count,
    CAST(grouped.remaining AS DECIMAL(18, 3)) AS remaining_amount,
    CAST(grouped.expected AS DECIMAL(18, 3)) AS expected_amount,
    estimated_money(coalesce(intervals.low, 0), currencies.minor_unit) AS low_amount,
    estimated_money(coalesce(intervals.high, 0), currencies.minor_unit) AS high_amount
FROM grouped
INNER JOIN currencies ON grouped.currency = currencies.currency
LEFT JOIN intervals ON grouped.currency = intervals.currency AND grouped.member = intervals.member;
