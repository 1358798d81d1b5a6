-- The journal moves every account as the booked roll-forward does, per contract and year: deferred revenue from opening
-- to closing, the others by its parts (R8.1).
WITH years AS (
    SELECT year(billings.billed_on) AS counted FROM billings
    UNION
    SELECT year(postings.posted_on) AS counted FROM postings
    UNION
    SELECT year(ratable_spans.ends_on) AS counted FROM ratable_spans
),

posted AS (
    SELECT
        journal_entries.contract_id,
        journal_entries.period_end,
        journal_entries.account,
        sum(journal_entries.credit - journal_entries.debit) AS amount
    FROM journal_entries(
        (SELECT [DATE '0001-01-01', DATE '9999-12-31'] || list(make_date(years.counted, 12, 31)) FROM years)
    ) AS journal_entries
    GROUP BY journal_entries.contract_id, journal_entries.period_end, journal_entries.account
),

rolled AS (
    SELECT
        liability_rollforward.contract_id,
        liability_rollforward.period_end,
        unnest([
            'deferred_revenue',
            'receivable',
            'revenue_ratable',
            'revenue_delivery',
            'revenue_breakage',
            'revenue_adjustment',
            'escheat_payable',
            'revenue_overage'
        ]) AS account,
        unnest([
            liability_rollforward.closing - liability_rollforward.opening,
            liability_rollforward.refunds - liability_rollforward.billings - liability_rollforward.overage_revenue,
            liability_rollforward.revenue_ratable,
            liability_rollforward.revenue_delivery,
            liability_rollforward.revenue_breakage,
            liability_rollforward.revenue_adjustment,
            liability_rollforward.escheat,
            liability_rollforward.overage_revenue
        ]) AS amount
    FROM liability_rollforward(
        (SELECT [DATE '0001-01-01', DATE '9999-12-31'] || list(make_date(years.counted, 12, 31)) FROM years)
    ) AS liability_rollforward
    WHERE liability_rollforward.policy = 'booked'
)

SELECT
    coalesce(rolled.contract_id, posted.contract_id) AS contract_id,
    coalesce(rolled.period_end, posted.period_end) AS period_end,
    coalesce(rolled.account, posted.account) AS account,
    coalesce(rolled.amount, 0) AS by_rollforward,
    coalesce(posted.amount, 0) AS by_journal
FROM rolled
FULL JOIN posted
    ON
        rolled.contract_id = posted.contract_id
        AND rolled.period_end = posted.period_end
        AND rolled.account = posted.account
WHERE coalesce(rolled.amount, 0) <> coalesce(posted.amount, 0)
ORDER BY contract_id, period_end, account;
