-- What every event makes the policies that follow use recognise: one line of the sub-ledger per event.
--
-- Delivered units release their price under all three. On delivery (policy 2) the rest is breakage when it lapses;
-- proportional (3) takes breakage with use, over the units expected to be used under the recorded estimate; remote (4)
-- takes it when further use is judged remote. Amounts are differences of cumulative amounts rounded as a chain:
-- delivery, + breakage, + adjustment, + escheat. Lots whose price moves come from queries/valuation.py.
--
-- Grain:   one row per lot layer, policy and event that posts
-- Order:   lot_id, policy, posted_on, movement_no, event_id, cause
-- Reads:   contracts, lot_estimates, lot_terms, unit_ledger, walked_contracts, walked_postings
-- Rules:   R4.1, R4.2, R4.3, R4.4, R4.5, R4.6, R5.1, R5.2, R5.3, R5.4, R5.5, R5.6, R6.1, R6.3, R10.1
-- Columns:
--   lot_id       VARCHAR        the lot
--   contract_id  VARCHAR        its contract
--   currency     VARCHAR        currency of the amounts
--   policy       VARCHAR        on_delivery, proportional or remote
--   posted_on    DATE           the day
--   movement_no  BIGINT         place in the unit ledger; empty where no units moved
--   event_id     VARCHAR        the delivery, amendment, estimate, assessment or invoice; empty for a lapse in time
--   cause        VARCHAR        draw, reversal, lapse, estimate, assessment, amendment or billing
--   delivery     DECIMAL(18,3)  for units delivered
--   breakage     DECIMAL(18,3)  for units that lapsed or are expected to
--   adjustment   DECIMAL(18,3)  price changes of what was delivered, and terminations
--   escheat      DECIMAL(18,3)  owed to a government instead of recognised
CREATE OR REPLACE MACRO postings() AS TABLE
WITH moved AS (
    SELECT
        unit_ledger.lot_id,
        unit_ledger.moved_on AS posted_on,
        unit_ledger.event_id,
        max(unit_ledger.movement_no) AS movement_no,
        sum(unit_ledger.quantity) FILTER (WHERE unit_ledger.kind = 'draw') AS drawn,
        sum(unit_ledger.gone) AS gone
    FROM unit_ledger
    ANTI JOIN walked_contracts ON unit_ledger.contract_id = walked_contracts.contract_id
    WHERE unit_ledger.gone <> 0
    GROUP BY
        unit_ledger.lot_id,
        unit_ledger.moved_on,
        unit_ledger.event_id
),

events AS (
    SELECT
        moved.lot_id,
        moved.posted_on,
        CASE WHEN moved.event_id IS NULL THEN 2 ELSE 1 END AS place,
        moved.movement_no,
        moved.event_id,
        CASE WHEN moved.event_id IS NULL THEN 'lapse' WHEN moved.drawn < 0 THEN 'reversal' ELSE 'draw' END AS cause,
        coalesce(moved.drawn, 0) AS drawn,
        moved.gone,
        CASE WHEN moved.event_id IS NULL THEN moved.gone ELSE 0 END AS lapsed,
        NULL AS rate
    FROM moved
    UNION ALL
    SELECT
        lot_estimates.lot_id,
        lot_estimates.effective_on AS posted_on,
        0 AS place,
        NULL AS movement_no,
        lot_estimates.estimate_id AS event_id,
        'estimate' AS cause,
        0 AS drawn,
        0 AS gone,
        0 AS lapsed,
        lot_estimates.rate
    FROM lot_estimates
    ANTI JOIN walked_contracts ON lot_estimates.contract_id = walked_contracts.contract_id
),

-- Exact integers: money in thousandths, units in ten-thousandths, shares in parts of 10^12.
to_date AS (
    SELECT
        events.lot_id,
        events.posted_on,
        events.place,
        events.movement_no,
        events.event_id,
        events.cause,
        lot_terms.contract_id,
        lot_terms.currency,
        lot_terms.minor_unit,
        mills(lot_terms.amount) AS price,
        units(lot_terms.quantity) AS bought,
        units(sum(events.drawn) OVER so_far) AS drawn,
        units(sum(events.gone) OVER so_far) AS gone,
        units(sum(events.lapsed) OVER so_far) * shares(coalesce(contracts.escheat_rate, 0)) AS escheated,
        1000000000000 - shares(coalesce(last_value(events.rate IGNORE NULLS) OVER so_far, 0)) AS expected
    FROM events
    INNER JOIN lot_terms ON events.lot_id = lot_terms.lot_id
    INNER JOIN contracts ON lot_terms.contract_id = contracts.contract_id
    WINDOW so_far AS (
        PARTITION BY events.lot_id ORDER BY events.posted_on, events.place, events.movement_no, events.event_id
    )
),

earned AS (
    SELECT
        to_date.lot_id,
        to_date.contract_id,
        to_date.currency,
        to_date.posted_on,
        to_date.movement_no,
        to_date.event_id,
        to_date.cause,
        row_number() OVER (
            PARTITION BY to_date.lot_id
            ORDER BY to_date.posted_on, to_date.place, to_date.movement_no, to_date.event_id
        ) AS line,
        rounded_money(to_date.price * to_date.drawn, to_date.bought, to_date.minor_unit) AS delivered,
        rounded_money(to_date.price * to_date.gone, to_date.bought, to_date.minor_unit) AS gone,
        rounded_money(
            to_date.price * (to_date.gone * 1000000000000 - to_date.escheated),
            to_date.bought * 1000000000000,
            to_date.minor_unit
        ) AS by_delivery,
        -- the price x X / E; all of it once X reaches E or no unit is left (R5.1, R5.3, R5.4)
        CASE
            WHEN to_date.gone >= to_date.bought THEN by_delivery
            WHEN to_date.drawn <= 0 THEN 0
            WHEN to_date.drawn * 1000000000000 >= to_date.bought * to_date.expected
                THEN rounded_money(to_date.price, 1, to_date.minor_unit)
            ELSE
                rounded_money(
                    to_date.price * to_date.drawn * 1000000000000, to_date.bought * to_date.expected, to_date.minor_unit
                )
        END AS in_proportion
    FROM to_date
),

booked AS (
    SELECT
        earned.lot_id,
        earned.contract_id,
        earned.currency,
        earned.posted_on,
        earned.movement_no,
        earned.event_id,
        earned.cause,
        earned.delivered - lag(earned.delivered, 1, 0) OVER in_order AS delivery,
        earned.by_delivery - lag(earned.by_delivery, 1, 0) OVER in_order AS by_delivery,
        earned.in_proportion - lag(earned.in_proportion, 1, 0) OVER in_order AS in_proportion,
        earned.gone - earned.by_delivery - lag(earned.gone - earned.by_delivery, 1, 0) OVER in_order AS escheat
    FROM earned
    WINDOW in_order AS (PARTITION BY earned.lot_id ORDER BY earned.line)
),

by_policy AS (
    SELECT
        booked.lot_id,
        booked.contract_id,
        booked.currency,
        unnest(['on_delivery', 'proportional', 'remote']) AS policy,
        booked.posted_on,
        booked.movement_no,
        booked.event_id,
        booked.cause,
        booked.delivery,
        unnest([booked.by_delivery, booked.in_proportion, booked.by_delivery]) - booked.delivery AS breakage,
        booked.escheat
    FROM booked
)

SELECT
    by_policy.lot_id,
    by_policy.contract_id,
    by_policy.currency,
    by_policy.policy,
    by_policy.posted_on,
    by_policy.movement_no,
    by_policy.event_id,
    by_policy.cause,
    CAST(by_policy.delivery AS DECIMAL(18, 3)) AS delivery,
    CAST(by_policy.breakage AS DECIMAL(18, 3)) AS breakage,
    CAST(0 AS DECIMAL(18, 3)) AS adjustment,
    CAST(by_policy.escheat AS DECIMAL(18, 3)) AS escheat
FROM by_policy
WHERE by_policy.delivery <> 0 OR by_policy.breakage <> 0 OR by_policy.escheat <> 0
UNION ALL
SELECT
    walked_postings.lot_id,
    walked_postings.contract_id,
    contracts.currency,
    walked_postings.policy,
    walked_postings.posted_on,
    walked_postings.movement_no,
    walked_postings.event_id,
    walked_postings.cause,
    walked_postings.delivery,
    walked_postings.breakage,
    walked_postings.adjustment,
    walked_postings.escheat
FROM walked_postings
INNER JOIN contracts ON walked_postings.contract_id = contracts.contract_id;
