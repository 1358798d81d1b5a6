-- Revenue of every contract by the department that delivered it: management reporting, not segment reporting.
--
-- A delivered unit's price is split by the shares of its line, to the smallest amount by largest remainder, ties in
-- name order; a reversal takes back the same shares. Breakage and adjustments stay unallocated; ratable revenue and
-- deliveries whose line names no department were delivered by none. Overage counts where its line carries shares.
--
-- Grain:   one row per contract, policy, period and department with revenue or overage
-- Order:   contract_id, policy, period_end, department
-- Reads:   consumption, consumption_departments, contracts, currencies, lot_policies, overage, postings, revenue_by_lot
-- Rules:   R12.1, R12.2, R12.3
-- Columns:
--   contract_id  VARCHAR        the contract
--   currency     VARCHAR        currency of amount
--   policy       VARCHAR        ratable, on_delivery, proportional, remote or booked
--   period_end   DATE           closing day of the period; the first boundary takes everything up to it
--   department   VARCHAR        who delivered, '(unallocated breakage)' or '(not delivered by a department)'
--   amount       DECIMAL(18,3)  revenue, and overage
--   overage      DECIMAL(18,3)  of amount, billed in arrears: no part of the contract's revenue
CREATE OR REPLACE MACRO department_revenue(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT DISTINCT unnest(boundaries) AS boundary
),

-- What is delivered has the same price under the three policies that follow use; overage has it under all.
earned AS (
    SELECT
        postings.contract_id,
        CASE lot_policies.policy
            WHEN 'ratable' THEN ['on_delivery', 'proportional', 'remote']
            ELSE ['on_delivery', 'proportional', 'remote', 'booked']
        END AS policies,
        postings.movement_no,
        postings.posted_on,
        postings.event_id,
        postings.delivery AS amount,
        false AS is_overage
    FROM postings
    INNER JOIN lot_policies ON postings.lot_id = lot_policies.lot_id
    WHERE postings.policy = 'on_delivery' AND postings.cause IN ('draw', 'reversal')
    UNION ALL
    SELECT
        overage.contract_id,
        ['ratable', 'on_delivery', 'proportional', 'remote', 'booked'] AS policies,
        overage.movement_no,
        overage.service_date AS posted_on,
        overage.consumption_id AS event_id,
        overage.revenue AS amount,
        true AS is_overage
    FROM overage
),

weighed AS (
    SELECT
        earned.contract_id,
        earned.policies,
        earned.movement_no,
        earned.posted_on,
        earned.is_overage,
        consumption_departments.department,
        currencies.minor_unit,
        sign(earned.amount) AS direction,
        abs(mills(earned.amount)) // currencies.minor_unit AS whole,
        whole * shares(consumption_departments.share) AS weight
    FROM earned
    INNER JOIN consumption ON earned.event_id = consumption.consumption_id
    INNER JOIN consumption_departments
        ON coalesce(consumption.reverses, consumption.consumption_id) = consumption_departments.consumption_id
    INNER JOIN contracts ON earned.contract_id = contracts.contract_id
    INNER JOIN currencies ON contracts.currency = currencies.currency
),

floored AS (
    SELECT
        weighed.contract_id,
        weighed.policies,
        weighed.posted_on,
        weighed.is_overage,
        weighed.department,
        weighed.minor_unit,
        weighed.direction,
        weighed.weight // 1000000000000 AS part,
        weighed.whole - sum(weighed.weight // 1000000000000) OVER (PARTITION BY weighed.movement_no) AS rest,
        row_number() OVER (
            PARTITION BY weighed.movement_no ORDER BY weighed.weight % 1000000000000 DESC, weighed.department
        ) AS place
    FROM weighed
),

split AS (
    SELECT
        floored.contract_id,
        unnest(floored.policies) AS policy,
        closings.boundary AS period_end,
        floored.is_overage,
        floored.department,
        money_from_mills(
            CAST(floored.direction AS HUGEINT)
            * (floored.part + CAST(floored.place <= floored.rest AS HUGEINT))
            * floored.minor_unit
        ) AS amount
    FROM floored
    ASOF INNER JOIN closings ON floored.posted_on <= closings.boundary
),

whole AS (
    SELECT
        revenue_by_lot.contract_id,
        revenue_by_lot.policy,
        revenue_by_lot.period_end,
        unnest(['(unallocated breakage)', '(not delivered by a department)']) AS department,
        unnest(
            [
                revenue_by_lot.breakage + revenue_by_lot.adjustment,
                revenue_by_lot.ratable + revenue_by_lot.delivery
            ]
        ) AS amount
    FROM revenue_by_lot(boundaries) AS revenue_by_lot
),

lines AS (
    SELECT
        split.contract_id,
        split.policy,
        split.period_end,
        split.department,
        split.amount,
        CASE WHEN split.is_overage THEN split.amount ELSE 0 END AS overage
    FROM split
    UNION ALL
    SELECT
        split.contract_id,
        split.policy,
        split.period_end,
        '(not delivered by a department)' AS department,
        -split.amount AS amount,
        0 AS overage
    FROM split
    WHERE NOT split.is_overage
    UNION ALL
    SELECT
        whole.contract_id,
        whole.policy,
        whole.period_end,
        whole.department,
        whole.amount,
        0 AS overage
    FROM whole
)

SELECT
    lines.contract_id,
    contracts.currency,
    lines.policy,
    lines.period_end,
    lines.department,
    CAST(sum(lines.amount) AS DECIMAL(18, 3)) AS amount,
    CAST(sum(lines.overage) AS DECIMAL(18, 3)) AS overage
FROM lines
INNER JOIN contracts ON lines.contract_id = contracts.contract_id
GROUP BY lines.contract_id, contracts.currency, lines.policy, lines.period_end, lines.department
HAVING sum(lines.amount) <> 0 OR sum(lines.overage) <> 0;
