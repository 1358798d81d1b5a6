-- Revenue and deferred revenue of the whole book under each policy, by period: the roll-forward by currency.
--
-- Days are added up before they are sorted into periods, so that a large book answers in seconds.
--
-- Grain:   one row per currency, policy and period
-- Order:   currency, policy, period_end
-- Reads:   billings, contracts, lot_policies, overage, postings, ratable_lines
-- Rules:   R8.1, R11.3
-- Columns:
--   currency            VARCHAR        currency of the amounts; currencies are never added
--   policy              VARCHAR        ratable, on_delivery, proportional, remote or booked
--   period_end          DATE           closing day of the period
--   opening             DECIMAL(18,3)  balance at the close of the boundary before
--   billings            DECIMAL(18,3)  invoiced in the period
--   refunds             DECIMAL(18,3)  credit notes of the period, positive
--   escheat             DECIMAL(18,3)  reclassified to a payable to a government
--   revenue_ratable     DECIMAL(18,3)  recognised for elapsed time
--   revenue_delivery    DECIMAL(18,3)  recognised for units delivered
--   revenue_breakage    DECIMAL(18,3)  recognised for units lapsed or expected to
--   revenue_adjustment  DECIMAL(18,3)  price changes of what was recognised, and terminations
--   revenue_total       DECIMAL(18,3)  the four together, without overage
--   closing             DECIMAL(18,3)  balance at the close of period_end: liabilities less assets
--   cumulative_revenue  DECIMAL(18,3)  recognised since the book began, without overage
--   overage_revenue     DECIMAL(18,3)  billed in arrears for units beyond the lots
CREATE OR REPLACE MACRO recognition_by_period(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT
        boundary,
        lag(boundary) OVER (ORDER BY boundary) AS boundary_before
    FROM (SELECT DISTINCT unnest(boundaries) AS boundary)
),

grid AS (
    SELECT
        subjects.currency,
        policies.policy,
        closings.boundary,
        closings.boundary_before
    FROM (SELECT DISTINCT contracts.currency FROM contracts) AS subjects
    CROSS JOIN (SELECT unnest(['ratable', 'on_delivery', 'proportional', 'remote', 'booked']) AS policy) AS policies
    CROSS JOIN closings
),

ratable AS (
    SELECT
        ratable_lines.currency,
        ratable_lines.is_booked,
        ratable_lines.period_end,
        sum(ratable_lines.ratable) AS ratable,
        sum(ratable_lines.adjustment) AS adjustment
    FROM ratable_lines(boundaries) AS ratable_lines
    GROUP BY ratable_lines.currency, ratable_lines.is_booked, ratable_lines.period_end
),

-- What happens on a day, the same under every policy (empty policy) or posted under one.
daily AS (
    SELECT
        contracts.currency,
        CAST(NULL AS VARCHAR) AS policy,
        billings.billed_on AS day,
        sum(greatest(billings.amount, 0)) AS billings,
        sum(greatest(-billings.amount, 0)) AS refunds,
        0 AS escheat,
        0 AS delivery,
        0 AS breakage,
        0 AS adjustment,
        0 AS overage
    FROM billings
    INNER JOIN contracts ON billings.contract_id = contracts.contract_id
    GROUP BY contracts.currency, billings.billed_on
    UNION ALL
    SELECT
        overage.currency,
        CAST(NULL AS VARCHAR) AS policy,
        overage.service_date AS day,
        0 AS billings,
        0 AS refunds,
        0 AS escheat,
        0 AS delivery,
        0 AS breakage,
        0 AS adjustment,
        sum(overage.revenue) AS overage
    FROM overage
    GROUP BY overage.currency, overage.service_date
    UNION ALL
    SELECT
        postings.currency,
        unnest(CASE WHEN postings.policy = lot_policies.policy THEN [postings.policy, 'booked'] ELSE [postings.policy] END)
            AS policy,
        postings.posted_on AS day,
        0 AS billings,
        0 AS refunds,
        sum(postings.escheat) AS escheat,
        sum(postings.delivery) AS delivery,
        sum(postings.breakage) AS breakage,
        sum(postings.adjustment) AS adjustment,
        0 AS overage
    FROM postings
    INNER JOIN lot_policies ON postings.lot_id = lot_policies.lot_id
    GROUP BY postings.currency, postings.policy, lot_policies.policy, postings.posted_on
),

lines AS (
    SELECT
        ratable.currency,
        unnest(CASE WHEN ratable.is_booked THEN ['ratable', 'booked'] ELSE ['ratable'] END) AS policy,
        ratable.period_end,
        0 AS billings,
        0 AS refunds,
        0 AS escheat,
        ratable.ratable,
        0 AS delivery,
        0 AS breakage,
        ratable.adjustment,
        0 AS overage
    FROM ratable
    UNION ALL
    SELECT
        daily.currency,
        unnest(
            CASE
                WHEN daily.policy IS NULL THEN ['ratable', 'on_delivery', 'proportional', 'remote', 'booked']
                ELSE [daily.policy]
            END
        ) AS policy,
        closings.boundary AS period_end,
        daily.billings,
        daily.refunds,
        daily.escheat,
        0 AS ratable,
        daily.delivery,
        daily.breakage,
        daily.adjustment,
        daily.overage
    FROM daily
    ASOF INNER JOIN closings ON daily.day <= closings.boundary
),

summed AS (
    SELECT
        lines.currency,
        lines.policy,
        lines.period_end,
        sum(lines.billings) AS billings,
        sum(lines.refunds) AS refunds,
        sum(lines.escheat) AS escheat,
        sum(lines.ratable) AS revenue_ratable,
        sum(lines.delivery) AS revenue_delivery,
        sum(lines.breakage) AS revenue_breakage,
        sum(lines.adjustment) AS revenue_adjustment,
        sum(lines.overage) AS overage_revenue
    FROM lines
    GROUP BY lines.currency, lines.policy, lines.period_end
),

periods AS (
    SELECT
        grid.currency,
        grid.policy,
        grid.boundary,
        grid.boundary_before,
        coalesce(summed.billings, 0) AS billings,
        coalesce(summed.refunds, 0) AS refunds,
        coalesce(summed.escheat, 0) AS escheat,
        coalesce(summed.revenue_ratable, 0) AS revenue_ratable,
        coalesce(summed.revenue_delivery, 0) AS revenue_delivery,
        coalesce(summed.revenue_breakage, 0) AS revenue_breakage,
        coalesce(summed.revenue_adjustment, 0) AS revenue_adjustment,
        coalesce(summed.overage_revenue, 0) AS overage_revenue,
        coalesce(
            summed.revenue_ratable
            + summed.revenue_delivery
            + summed.revenue_breakage
            + summed.revenue_adjustment,
            0
        ) AS revenue_total,
        coalesce(summed.billings - summed.refunds - summed.escheat, 0) - revenue_total AS change
    FROM grid
    LEFT JOIN summed
        ON
            grid.currency = summed.currency
            AND grid.policy = summed.policy
            AND grid.boundary = summed.period_end
),

balances AS (
    SELECT
        periods.currency,
        periods.policy,
        periods.boundary,
        periods.boundary_before,
        periods.billings,
        periods.refunds,
        periods.escheat,
        periods.revenue_ratable,
        periods.revenue_delivery,
        periods.revenue_breakage,
        periods.revenue_adjustment,
        periods.overage_revenue,
        periods.revenue_total,
        periods.change,
        sum(periods.revenue_total) OVER to_date AS cumulative_revenue,
        sum(periods.change) OVER to_date AS closing
    FROM periods
    WINDOW to_date AS (PARTITION BY periods.currency, periods.policy ORDER BY periods.boundary)
)

SELECT
    balances.currency,
    balances.policy,
    balances.boundary AS period_end,
    CAST(balances.closing - balances.change AS DECIMAL(18, 3)) AS opening,
    CAST(balances.billings AS DECIMAL(18, 3)) AS billings,
    CAST(balances.refunds AS DECIMAL(18, 3)) AS refunds,
    CAST(balances.escheat AS DECIMAL(18, 3)) AS escheat,
    CAST(balances.revenue_ratable AS DECIMAL(18, 3)) AS revenue_ratable,
    CAST(balances.revenue_delivery AS DECIMAL(18, 3)) AS revenue_delivery,
    CAST(balances.revenue_breakage AS DECIMAL(18, 3)) AS revenue_breakage,
    CAST(balances.revenue_adjustment AS DECIMAL(18, 3)) AS revenue_adjustment,
    CAST(balances.revenue_total AS DECIMAL(18, 3)) AS revenue_total,
    CAST(balances.closing AS DECIMAL(18, 3)) AS closing,
    CAST(balances.cumulative_revenue AS DECIMAL(18, 3)) AS cumulative_revenue,
    CAST(balances.overage_revenue AS DECIMAL(18, 3)) AS overage_revenue
FROM balances
WHERE balances.boundary_before IS NOT NULL;
