-- Revenue and deferred revenue of the whole book under each policy, by period: the roll-forward added up by currency.
--
-- Grain:   one row per currency, policy and period
-- Order:   currency, policy, period_end
-- Reads:   liability_rollforward
-- Rules:   R8.1, R8.2, R11.3
-- Columns:
--   currency            VARCHAR        currency of the amounts; currencies are never added
--   policy              VARCHAR        ratable or on_delivery
--   period_end          DATE           closing day of the period
--   opening             DECIMAL(18,3)  balance at the close of the boundary before
--   billings            DECIMAL(18,3)  invoiced in the period
--   refunds             DECIMAL(18,3)  credit notes of the period, positive
--   revenue_ratable     DECIMAL(18,3)  recognised for elapsed time
--   revenue_delivery    DECIMAL(18,3)  recognised for units delivered
--   revenue_breakage    DECIMAL(18,3)  recognised for units lapsed
--   revenue_total       DECIMAL(18,3)  the three together, without overage
--   closing             DECIMAL(18,3)  balance at the close of period_end: liabilities less assets
--   liabilities         DECIMAL(18,3)  contracts billed ahead of revenue, never netted with the others
--   assets              DECIMAL(18,3)  contracts earned ahead of billing, positive
--   cumulative_revenue  DECIMAL(18,3)  recognised since the book began, without overage
--   overage_revenue     DECIMAL(18,3)  billed in arrears for units beyond the lots
CREATE OR REPLACE MACRO recognition_by_period(boundaries DATE[]) AS TABLE
SELECT
    liability_rollforward.currency,
    liability_rollforward.policy,
    liability_rollforward.period_end,
    CAST(sum(liability_rollforward.opening) AS DECIMAL(18, 3)) AS opening,
    CAST(sum(liability_rollforward.billings) AS DECIMAL(18, 3)) AS billings,
    CAST(sum(liability_rollforward.refunds) AS DECIMAL(18, 3)) AS refunds,
    CAST(sum(liability_rollforward.revenue_ratable) AS DECIMAL(18, 3)) AS revenue_ratable,
    CAST(sum(liability_rollforward.revenue_delivery) AS DECIMAL(18, 3)) AS revenue_delivery,
    CAST(sum(liability_rollforward.revenue_breakage) AS DECIMAL(18, 3)) AS revenue_breakage,
    CAST(sum(liability_rollforward.revenue_total) AS DECIMAL(18, 3)) AS revenue_total,
    CAST(sum(liability_rollforward.closing) AS DECIMAL(18, 3)) AS closing,
    CAST(sum(greatest(liability_rollforward.closing, 0)) AS DECIMAL(18, 3)) AS liabilities,
    CAST(sum(greatest(-liability_rollforward.closing, 0)) AS DECIMAL(18, 3)) AS assets,
    CAST(sum(liability_rollforward.cumulative_revenue) AS DECIMAL(18, 3)) AS cumulative_revenue,
    CAST(sum(liability_rollforward.overage_revenue) AS DECIMAL(18, 3)) AS overage_revenue
FROM liability_rollforward(boundaries) AS liability_rollforward
GROUP BY liability_rollforward.currency, liability_rollforward.policy, liability_rollforward.period_end;
