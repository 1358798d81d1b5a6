-- Deferred revenue of every contract under each policy: opening + billings - refunds - escheat - revenue = closing.
--
-- A positive balance is a contract liability, a negative one a contract asset; contracts are never netted. Overage is
-- billed in arrears and does not pass through the liability. The first boundary is the opening of the first period.
--
-- Grain:   one row per contract, policy and period
-- Order:   contract_id, policy, period_end
-- Reads:   contracts, rollforward_lines
-- Rules:   R8.1, R8.2, R10.1
-- Columns:
--   contract_id         VARCHAR        the contract
--   currency            VARCHAR        currency of the amounts
--   policy              VARCHAR        ratable, on_delivery, proportional, remote or booked
--   period_end          DATE           closing day of the period; it opens the day after the boundary before
--   opening             DECIMAL(18,3)  balance at the close of the boundary before
--   billings            DECIMAL(18,3)  invoiced in the period
--   refunds             DECIMAL(18,3)  credit notes of the period, positive
--   escheat             DECIMAL(18,3)  reclassified to a payable to a government
--   revenue_ratable     DECIMAL(18,3)  recognised for elapsed time
--   revenue_delivery    DECIMAL(18,3)  recognised for units delivered
--   revenue_breakage    DECIMAL(18,3)  recognised for units lapsed or expected to
--   revenue_adjustment  DECIMAL(18,3)  price changes of what was recognised, and terminations
--   revenue_total       DECIMAL(18,3)  the four together, without overage
--   closing             DECIMAL(18,3)  balance at the close of period_end
--   cumulative_revenue  DECIMAL(18,3)  recognised since the contract began, without overage
--   overage_revenue     DECIMAL(18,3)  billed in arrears for units beyond the lots
CREATE OR REPLACE MACRO liability_rollforward(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT
        boundary,
        lag(boundary) OVER (ORDER BY boundary) AS boundary_before
    FROM (SELECT DISTINCT unnest(boundaries) AS boundary)
),

grid AS (
    SELECT
        subjects.contract_id,
        subjects.currency,
        policies.policy,
        closings.boundary,
        closings.boundary_before
    FROM contracts AS subjects
    CROSS JOIN (SELECT unnest(['ratable', 'on_delivery', 'proportional', 'remote', 'booked']) AS policy) AS policies
    CROSS JOIN closings
),

summed AS (
    SELECT
        rollforward_lines.contract_id,
        rollforward_lines.policy,
        rollforward_lines.period_end,
        sum(rollforward_lines.billings) AS billings,
        sum(rollforward_lines.refunds) AS refunds,
        sum(rollforward_lines.escheat) AS escheat,
        sum(rollforward_lines.revenue_ratable) AS revenue_ratable,
        sum(rollforward_lines.revenue_delivery) AS revenue_delivery,
        sum(rollforward_lines.revenue_breakage) AS revenue_breakage,
        sum(rollforward_lines.revenue_adjustment) AS revenue_adjustment,
        sum(rollforward_lines.overage_revenue) AS overage_revenue
    FROM rollforward_lines(boundaries) AS rollforward_lines
    GROUP BY rollforward_lines.contract_id, rollforward_lines.policy, rollforward_lines.period_end
),

periods AS (
    SELECT
        grid.contract_id,
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
            grid.contract_id = summed.contract_id
            AND grid.policy = summed.policy
            AND grid.boundary = summed.period_end
),

balances AS (
    SELECT
        periods.contract_id,
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
    WINDOW to_date AS (PARTITION BY periods.contract_id, periods.policy ORDER BY periods.boundary)
)

SELECT
    balances.contract_id,
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
