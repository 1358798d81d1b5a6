-- What is forecast to be left unused, by service, segment or owner.
--
-- Grain:   one row per currency and value of the dimension with an open lot
-- Order:   currency, expected_amount DESC, member
-- Reads:   currencies, watch_list
-- Rules:   R1.2, R11.3
-- Columns:
--   currency          VARCHAR        currency of the amounts
--   member            VARCHAR        the service, segment or owner
--   lot_count         BIGINT         its open lots
--   remaining_amount  DECIMAL(18,3)  price of the units they still hold
--   expected_amount   DECIMAL(18,3)  of this, forecast to be left unused
--   low_amount        DECIMAL(18,3)  lower end of its 80% interval
--   high_amount       DECIMAL(18,3)  upper end of its 80% interval
CREATE OR REPLACE MACRO unused_by_group(as_of DATE, dimension VARCHAR) AS TABLE
WITH grouped AS (
    SELECT
        watch_list.currency,
        CASE dimension
            WHEN 'service' THEN watch_list.service
            WHEN 'segment' THEN watch_list.segment
            WHEN 'owner' THEN watch_list.owner
            ELSE error('dimension must be service, segment or owner')
        END AS member,
        count(*) AS lot_count,
        sum(watch_list.remaining_amount) AS remaining,
        sum(watch_list.expected_amount) AS expected,
        joint_half_width(
            sum(watch_list.expected_amount - watch_list.low_amount),
            sum((watch_list.expected_amount - watch_list.low_amount) ** 2)
        ) AS below,
        joint_half_width(
            sum(watch_list.high_amount - watch_list.expected_amount),
            sum((watch_list.high_amount - watch_list.expected_amount) ** 2)
        ) AS above
    FROM watch_list(as_of) AS watch_list
    GROUP BY watch_list.currency, member
)

SELECT
    grouped.currency,
    grouped.member,
    grouped.lot_count,
    CAST(grouped.remaining AS DECIMAL(18, 3)) AS remaining_amount,
    CAST(grouped.expected AS DECIMAL(18, 3)) AS expected_amount,
    estimated_money(greatest(0, grouped.expected - grouped.below), currencies.minor_unit) AS low_amount,
    estimated_money(least(grouped.remaining, grouped.expected + grouped.above), currencies.minor_unit) AS high_amount
FROM grouped
INNER JOIN currencies ON grouped.currency = currencies.currency;
