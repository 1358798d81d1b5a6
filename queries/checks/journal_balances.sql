-- Every entry of the journal debits what it credits, year by year, and no side is below nil.
WITH years AS (
    SELECT year(billings.billed_on) AS counted FROM billings
    UNION
    SELECT year(postings.posted_on) AS counted FROM postings
    UNION
    SELECT year(ratable_spans.ends_on) AS counted FROM ratable_spans
)

SELECT
    journal_entries.contract_id,
    journal_entries.period_end,
    journal_entries.entry,
    sum(journal_entries.debit) AS debit,
    sum(journal_entries.credit) AS credit
FROM journal_entries(
    (SELECT [DATE '0001-01-01', DATE '9999-12-31'] || list(make_date(years.counted, 12, 31)) FROM years)
) AS journal_entries
GROUP BY journal_entries.contract_id, journal_entries.period_end, journal_entries.entry
HAVING
    sum(journal_entries.debit) <> sum(journal_entries.credit)
    OR min(journal_entries.debit) < 0
    OR min(journal_entries.credit) < 0
ORDER BY journal_entries.contract_id, journal_entries.period_end, journal_entries.entry;
