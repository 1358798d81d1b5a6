-- What a period of the whole book says is what its contracts say together, by currency and policy, year by year
-- (R8.1, R11.3).
WITH years AS (
    SELECT year(billings.billed_on) AS counted FROM billings
    UNION
    SELECT year(postings.posted_on) AS counted FROM postings
    UNION
    SELECT year(ratable_spans.ends_on) AS counted FROM ratable_spans
),

by_contract AS (
    SELECT
        rollforward.currency,
        rollforward.policy,
        rollforward.period_end,
        sum(rollforward.opening) AS opening,
        sum(rollforward.billings) AS billings,
        sum(rollforward.refunds) AS refunds,
        sum(rollforward.escheat) AS escheat,
        sum(rollforward.revenue_ratable) AS revenue_ratable,
        sum(rollforward.revenue_delivery) AS revenue_delivery,
        sum(rollforward.revenue_breakage) AS revenue_breakage,
        sum(rollforward.revenue_adjustment) AS revenue_adjustment,
        sum(rollforward.revenue_total) AS revenue_total,
        sum(rollforward.closing) AS closing,
        sum(rollforward.cumulative_revenue) AS cumulative_revenue,
        sum(rollforward.overage_revenue) AS overage_revenue
    FROM liability_rollforward(
        (SELECT [DATE '0001-01-01', DATE '9999-12-31'] || list(make_date(years.counted, 12, 31)) FROM years)
    ) AS rollforward
    GROUP BY rollforward.currency, rollforward.policy, rollforward.period_end
),

together AS (
    SELECT
        periods.currency,
        periods.policy,
        periods.period_end,
        periods.opening,
        periods.billings,
        periods.refunds,
        periods.escheat,
        periods.revenue_ratable,
        periods.revenue_delivery,
        periods.revenue_breakage,
        periods.revenue_adjustment,
        periods.revenue_total,
        periods.closing,
        periods.cumulative_revenue,
        periods.overage_revenue
    FROM recognition_by_period(
        (SELECT [DATE '0001-01-01', DATE '9999-12-31'] || list(make_date(years.counted, 12, 31)) FROM years)
    ) AS periods
)

SELECT
    currency,
    policy,
    period_end,
    together.revenue_total,
    by_contract.revenue_total AS revenue_of_contracts,
    together.closing,
    by_contract.closing AS closing_of_contracts
FROM together
FULL OUTER JOIN by_contract USING (currency, policy, period_end)
WHERE
    together.opening IS DISTINCT FROM by_contract.opening
    OR together.billings IS DISTINCT FROM by_contract.billings
    OR together.refunds IS DISTINCT FROM by_contract.refunds
    OR together.escheat IS DISTINCT FROM by_contract.escheat
    OR together.revenue_ratable IS DISTINCT FROM by_contract.revenue_ratable
    OR together.revenue_delivery IS DISTINCT FROM by_contract.revenue_delivery
    OR together.revenue_breakage IS DISTINCT FROM by_contract.revenue_breakage
    OR together.revenue_adjustment IS DISTINCT FROM by_contract.revenue_adjustment
    OR together.revenue_total IS DISTINCT FROM by_contract.revenue_total
    OR together.closing IS DISTINCT FROM by_contract.closing
    OR together.cumulative_revenue IS DISTINCT FROM by_contract.cumulative_revenue
    OR together.overage_revenue IS DISTINCT FROM by_contract.overage_revenue
ORDER BY currency, policy, period_end;
