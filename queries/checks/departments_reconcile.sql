-- The departments of a contract and what stays unallocated add up to its revenue, and to the overage of lines that carry
-- shares, year by year under every policy (R12.3).
WITH years AS (
    SELECT year(billings.billed_on) AS counted FROM billings
    UNION
    SELECT year(postings.posted_on) AS counted FROM postings
    UNION
    SELECT year(ratable_spans.ends_on) AS counted FROM ratable_spans
),

by_department AS (
    SELECT
        department_revenue.contract_id,
        department_revenue.policy,
        department_revenue.period_end,
        sum(department_revenue.amount) AS amount
    FROM department_revenue(
        (SELECT [DATE '0001-01-01', DATE '9999-12-31'] || list(make_date(years.counted, 12, 31)) FROM years)
    ) AS department_revenue
    GROUP BY department_revenue.contract_id, department_revenue.policy, department_revenue.period_end
),

days AS (
    SELECT unnest([DATE '0001-01-01', DATE '9999-12-31'] || list(make_date(years.counted, 12, 31))) AS period_end
    FROM years
),

shared_overage AS (
    SELECT
        overage.contract_id,
        days.period_end,
        sum(overage.revenue) AS amount
    FROM overage
    INNER JOIN consumption ON overage.consumption_id = consumption.consumption_id
    SEMI JOIN consumption_departments
        ON coalesce(consumption.reverses, consumption.consumption_id) = consumption_departments.consumption_id
    ASOF INNER JOIN days ON overage.service_date <= days.period_end
    GROUP BY overage.contract_id, days.period_end
),

by_contract AS (
    SELECT
        rollforward.contract_id,
        rollforward.policy,
        rollforward.period_end,
        rollforward.revenue_total + coalesce(shared_overage.amount, 0) AS revenue
    FROM liability_rollforward(
        (SELECT [DATE '0001-01-01', DATE '9999-12-31'] || list(make_date(years.counted, 12, 31)) FROM years)
    ) AS rollforward
    LEFT JOIN shared_overage
        ON
            rollforward.contract_id = shared_overage.contract_id
            AND rollforward.period_end = shared_overage.period_end
)

SELECT
    contract_id,
    policy,
    period_end,
    coalesce(by_contract.revenue, 0) AS revenue,
    coalesce(by_department.amount, 0) AS of_departments
FROM by_contract
FULL OUTER JOIN by_department USING (contract_id, policy, period_end)
WHERE coalesce(by_contract.revenue, 0) <> coalesce(by_department.amount, 0)
ORDER BY contract_id, policy, period_end;
