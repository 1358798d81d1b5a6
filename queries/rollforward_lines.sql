-- Everything that moves deferred revenue, line by line under each policy: what the roll-forward adds up.
--
-- Grain:   lines that add up per contract, policy and period; a contract can have several
-- Order:   contract_id, policy, period_end, revenue_ratable, revenue_delivery, revenue_breakage, billings, refunds
-- Reads:   billings, contracts, overage, revenue_lines
-- Rules:   R8.1, R9.2
-- Columns:
--   contract_id         VARCHAR        the contract
--   currency            VARCHAR        currency of the amounts
--   policy              VARCHAR        ratable, on_delivery, proportional, remote or booked
--   period_end          DATE           the boundary the line counts to; the first takes everything up to it
--   billings            DECIMAL(18,3)  invoiced
--   refunds             DECIMAL(18,3)  credit notes, positive
--   escheat             DECIMAL(18,3)  reclassified to a payable to a government
--   revenue_ratable     DECIMAL(18,3)  recognised for elapsed time
--   revenue_delivery    DECIMAL(18,3)  recognised for units delivered
--   revenue_breakage    DECIMAL(18,3)  recognised for units lapsed or expected to
--   revenue_adjustment  DECIMAL(18,3)  price changes of what was recognised, and terminations
--   overage_revenue     DECIMAL(18,3)  billed in arrears for units beyond the lots, the same under every policy
CREATE OR REPLACE MACRO rollforward_lines(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT DISTINCT unnest(boundaries) AS boundary
),

same_for_all AS (
    SELECT
        billings.contract_id,
        billings.billed_on AS happened_on,
        greatest(billings.amount, 0) AS billings,
        greatest(-billings.amount, 0) AS refunds,
        0 AS overage_revenue
    FROM billings
    UNION ALL
    SELECT
        overage.contract_id,
        overage.service_date AS happened_on,
        0 AS billings,
        0 AS refunds,
        overage.revenue AS overage_revenue
    FROM overage
),

lines AS (
    SELECT
        same_for_all.contract_id,
        unnest(['ratable', 'on_delivery', 'proportional', 'remote', 'booked']) AS policy,
        closings.boundary AS period_end,
        same_for_all.billings,
        same_for_all.refunds,
        0 AS escheat,
        0 AS ratable,
        0 AS delivery,
        0 AS breakage,
        0 AS adjustment,
        same_for_all.overage_revenue
    FROM same_for_all
    ASOF INNER JOIN closings ON same_for_all.happened_on <= closings.boundary
    UNION ALL
    SELECT
        revenue_lines.contract_id,
        revenue_lines.policy,
        revenue_lines.period_end,
        0 AS billings,
        0 AS refunds,
        revenue_lines.escheat,
        revenue_lines.ratable,
        revenue_lines.delivery,
        revenue_lines.breakage,
        revenue_lines.adjustment,
        0 AS overage_revenue
    FROM revenue_lines(boundaries) AS revenue_lines
)

SELECT
    lines.contract_id,
    contracts.currency,
    lines.policy,
    lines.period_end,
    CAST(lines.billings AS DECIMAL(18, 3)) AS billings,
    CAST(lines.refunds AS DECIMAL(18, 3)) AS refunds,
    CAST(lines.escheat AS DECIMAL(18, 3)) AS escheat,
    CAST(lines.ratable AS DECIMAL(18, 3)) AS revenue_ratable,
    CAST(lines.delivery AS DECIMAL(18, 3)) AS revenue_delivery,
    CAST(lines.breakage AS DECIMAL(18, 3)) AS revenue_breakage,
    CAST(lines.adjustment AS DECIMAL(18, 3)) AS revenue_adjustment,
    CAST(lines.overage_revenue AS DECIMAL(18, 3)) AS overage_revenue
FROM lines
INNER JOIN contracts ON lines.contract_id = contracts.contract_id;
