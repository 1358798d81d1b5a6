-- The roll-forward of a contract's whole life ends where its parts, added up from the ledger, say it must: the last
-- closing is all that was billed less all that was recognised, and the revenue between is nothing else (R8.1, R13.1).
WITH life AS (
    SELECT
        liability_rollforward.contract_id,
        liability_rollforward.policy,
        liability_rollforward.opening,
        liability_rollforward.revenue_total,
        liability_rollforward.closing
    FROM liability_rollforward([DATE '0001-01-01', DATE '9999-12-31']) AS liability_rollforward
),

billed AS (
    SELECT
        billings.contract_id,
        sum(billings.amount) AS amount
    FROM billings
    GROUP BY billings.contract_id
),

delivered AS (
    SELECT
        lot_balance.contract_id,
        'on_delivery' AS policy,
        sum(lot_balance.drawn_amount + lot_balance.lapsed_amount) AS amount
    FROM lot_balance(DATE '9999-12-31') AS lot_balance
    GROUP BY lot_balance.contract_id
),

elapsed AS (
    SELECT
        grants.contract_id,
        'ratable' AS policy,
        sum(grants.amount) AS amount
    FROM grants
    GROUP BY grants.contract_id
)

SELECT
    life.contract_id,
    life.policy,
    life.opening,
    life.revenue_total,
    life.closing
FROM life
LEFT JOIN billed ON life.contract_id = billed.contract_id
LEFT JOIN delivered ON life.contract_id = delivered.contract_id AND life.policy = delivered.policy
LEFT JOIN elapsed ON life.contract_id = elapsed.contract_id AND life.policy = elapsed.policy
WHERE
    life.opening <> 0
    OR life.closing <> coalesce(billed.amount, 0) - life.revenue_total
    OR life.revenue_total <> coalesce(delivered.amount, elapsed.amount, 0)
ORDER BY life.contract_id, life.policy;
