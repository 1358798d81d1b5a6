-- Deferred revenue of every contract under each policy: opening + billings - refunds - revenue = closing.
--
-- A positive balance is a contract liability, a negative one a contract asset; contracts are never netted. Overage is
-- billed in arrears and does not pass through the liability. The first boundary is the opening of the first period.
--
-- Grain:   one row per contract, policy and period
-- Order:   contract_id, policy, period_end
-- Reads:   billings, contracts, revenue_to_date
-- Rules:   R8.1, R8.2, R10.1
-- Columns:
--   contract_id         VARCHAR        the contract
--   currency            VARCHAR        currency of the amounts
--   policy              VARCHAR        ratable or on_delivery
--   period_end          DATE           closing day of the period; it opens the day after the boundary before
--   opening             DECIMAL(18,3)  balance at the close of the boundary before
--   billings            DECIMAL(18,3)  invoiced in the period
--   refunds             DECIMAL(18,3)  credit notes of the period, positive
--   revenue_ratable     DECIMAL(18,3)  recognised for elapsed time
--   revenue_delivery    DECIMAL(18,3)  recognised for units delivered
--   revenue_breakage    DECIMAL(18,3)  recognised for units lapsed
--   revenue_total       DECIMAL(18,3)  the three together, without overage
--   closing             DECIMAL(18,3)  balance at the close of period_end
--   cumulative_revenue  DECIMAL(18,3)  recognised since the contract began, without overage
--   overage_revenue     DECIMAL(18,3)  billed in arrears for units beyond the lots
CREATE OR REPLACE MACRO liability_rollforward(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT DISTINCT unnest(boundaries) AS boundary
),

billed AS (
    SELECT
        billings.contract_id,
        closings.boundary,
        sum(billings.amount) FILTER (WHERE billings.amount > 0) AS invoiced,
        -sum(billings.amount) FILTER (WHERE billings.amount < 0) AS credited
    FROM billings
    ASOF INNER JOIN closings ON billings.billed_on <= closings.boundary
    GROUP BY billings.contract_id, closings.boundary
),

grid AS (
    SELECT
        contracts.contract_id,
        contracts.currency,
        policies.policy,
        closings.boundary
    FROM contracts
    CROSS JOIN (SELECT unnest(['ratable', 'on_delivery']) AS policy) AS policies
    CROSS JOIN closings
),

to_date AS (
    SELECT
        grid.contract_id,
        grid.currency,
        grid.policy,
        grid.boundary,
        coalesce(sum(billed.invoiced) OVER so_far, 0) AS invoiced,
        coalesce(sum(billed.credited) OVER so_far, 0) AS credited,
        coalesce(revenue_to_date.ratable, 0) AS ratable,
        coalesce(revenue_to_date.delivery, 0) AS delivery,
        coalesce(revenue_to_date.breakage, 0) AS breakage,
        coalesce(revenue_to_date.overage, 0) AS overage
    FROM grid
    LEFT JOIN billed ON grid.contract_id = billed.contract_id AND grid.boundary = billed.boundary
    LEFT JOIN revenue_to_date(boundaries) AS revenue_to_date
        ON
            grid.contract_id = revenue_to_date.contract_id
            AND grid.policy = revenue_to_date.policy
            AND grid.boundary = revenue_to_date.boundary
    WINDOW so_far AS (PARTITION BY grid.contract_id, grid.policy ORDER BY grid.boundary)
),

differences AS (
    SELECT
        to_date.contract_id,
        to_date.currency,
        to_date.policy,
        to_date.boundary,
        lag(to_date.boundary) OVER by_period AS boundary_before,
        to_date.invoiced - lag(to_date.invoiced) OVER by_period AS invoiced,
        to_date.credited - lag(to_date.credited) OVER by_period AS credited,
        to_date.ratable - lag(to_date.ratable) OVER by_period AS ratable,
        to_date.delivery - lag(to_date.delivery) OVER by_period AS delivery,
        to_date.breakage - lag(to_date.breakage) OVER by_period AS breakage,
        to_date.overage - lag(to_date.overage) OVER by_period AS overage,
        to_date.ratable + to_date.delivery + to_date.breakage AS cumulative_revenue,
        to_date.invoiced - to_date.credited - cumulative_revenue AS closing,
        lag(to_date.invoiced - to_date.credited - to_date.ratable - to_date.delivery - to_date.breakage)
            OVER by_period AS opening
    FROM to_date
    WINDOW by_period AS (PARTITION BY to_date.contract_id, to_date.policy ORDER BY to_date.boundary)
)

SELECT
    differences.contract_id,
    differences.currency,
    differences.policy,
    differences.boundary AS period_end,
    CAST(differences.opening AS DECIMAL(18, 3)) AS opening,
    CAST(differences.invoiced AS DECIMAL(18, 3)) AS billings,
    CAST(differences.credited AS DECIMAL(18, 3)) AS refunds,
    CAST(differences.ratable AS DECIMAL(18, 3)) AS revenue_ratable,
    CAST(differences.delivery AS DECIMAL(18, 3)) AS revenue_delivery,
    CAST(differences.breakage AS DECIMAL(18, 3)) AS revenue_breakage,
    CAST(differences.ratable + differences.delivery + differences.breakage AS DECIMAL(18, 3)) AS revenue_total,
    CAST(differences.closing AS DECIMAL(18, 3)) AS closing,
    CAST(differences.cumulative_revenue AS DECIMAL(18, 3)) AS cumulative_revenue,
    CAST(differences.overage AS DECIMAL(18, 3)) AS overage_revenue
FROM differences
WHERE differences.boundary_before IS NOT NULL;
