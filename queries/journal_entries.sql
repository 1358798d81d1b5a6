-- The journal: what every contract's booked policy debits and credits in every period, by account of the chart.
--
-- Each entry balances. An amount below nil, such as revenue taken back, swaps the sides, so that no side is ever below
-- nil. deferred_revenue holds the contract's net position: where it ends on the debit side it is a contract asset.
-- The first boundary is the opening of the first period and has no entries.
--
-- Grain:   one row per contract, period, entry and account
-- Order:   contract_id, period_end, entry, account
-- Reads:   accounts, contracts, rollforward_lines
-- Rules:   R5.6, R8.1, R9.2
-- Columns:
--   contract_id   VARCHAR        the contract
--   account_name  VARCHAR        the client's name
--   currency      VARCHAR        currency of the amounts
--   period_end    DATE           closing day of the period
--   entry         VARCHAR        billing, refund, ratable, delivery, breakage, adjustment, escheat or overage
--   account       VARCHAR        role of the account, a key of data/chart_of_accounts.toml
--   debit         DECIMAL(18,3)  nil where it credits
--   credit        DECIMAL(18,3)  nil where it debits
CREATE OR REPLACE MACRO journal_entries(boundaries DATE[]) AS TABLE
WITH periods AS (
    SELECT
        rollforward_lines.contract_id,
        rollforward_lines.currency,
        rollforward_lines.period_end,
        sum(rollforward_lines.billings) AS billings,
        sum(rollforward_lines.refunds) AS refunds,
        sum(rollforward_lines.escheat) AS escheat,
        sum(rollforward_lines.revenue_ratable) AS ratable,
        sum(rollforward_lines.revenue_delivery) AS delivery,
        sum(rollforward_lines.revenue_breakage) AS breakage,
        sum(rollforward_lines.revenue_adjustment) AS adjustment,
        sum(rollforward_lines.overage_revenue) AS overage
    FROM rollforward_lines(boundaries) AS rollforward_lines
    WHERE rollforward_lines.policy = 'booked' AND rollforward_lines.period_end > list_min(boundaries)
    GROUP BY rollforward_lines.contract_id, rollforward_lines.currency, rollforward_lines.period_end
),

entries AS (
    SELECT
        periods.contract_id,
        periods.currency,
        periods.period_end,
        unnest(['billing', 'refund', 'ratable', 'delivery', 'breakage', 'adjustment', 'escheat', 'overage']) AS entry,
        unnest([
            'receivable',
            'deferred_revenue',
            'deferred_revenue',
            'deferred_revenue',
            'deferred_revenue',
            'deferred_revenue',
            'deferred_revenue',
            'receivable'
        ]) AS debited,
        unnest([
            'deferred_revenue',
            'receivable',
            'revenue_ratable',
            'revenue_delivery',
            'revenue_breakage',
            'revenue_adjustment',
            'escheat_payable',
            'revenue_overage'
        ]) AS credited,
        unnest([
            periods.billings,
            periods.refunds,
            periods.ratable,
            periods.delivery,
            periods.breakage,
            periods.adjustment,
            periods.escheat,
            periods.overage
        ]) AS amount
    FROM periods
),

sides AS (
    SELECT
        entries.contract_id,
        entries.currency,
        entries.period_end,
        entries.entry,
        unnest([entries.debited, entries.credited]) AS account,
        unnest([entries.amount, -entries.amount]) AS debit_less_credit
    FROM entries
    WHERE entries.amount <> 0
)

SELECT
    sides.contract_id,
    accounts.name AS account_name,
    sides.currency,
    sides.period_end,
    sides.entry,
    sides.account,
    CAST(greatest(sides.debit_less_credit, 0) AS DECIMAL(18, 3)) AS debit,
    CAST(greatest(-sides.debit_less_credit, 0) AS DECIMAL(18, 3)) AS credit
FROM sides
INNER JOIN contracts ON sides.contract_id = contracts.contract_id
INNER JOIN accounts ON contracts.account_id = accounts.account_id;
