-- Once all lots of a contract have ended, every policy has recognised exactly what their price came to, but for what is
-- owed to a government: the policies differ in when, never in how much (R4.2, R5.4, R7.6, R13.2, R13.5). Units move
-- between the lots of a contract, so it is taken as a whole; contracts with a lot that never ends have no such day.
WITH ended AS (
    SELECT lot_terms.contract_id
    FROM lot_terms
    GROUP BY lot_terms.contract_id
    HAVING count(lot_terms.usable_until) = count(lot_terms.lot_id)
),

agreed AS (
    SELECT
        movements.contract_id,
        sum(CASE movements.kind WHEN 'waive' THEN -movements.amount ELSE movements.amount END) AS price
    FROM movements
    WHERE movements.kind IN ('grant', 'waive')
    GROUP BY movements.contract_id
),

recognised AS (
    SELECT
        revenue_by_lot.contract_id,
        revenue_by_lot.policy,
        sum(
            revenue_by_lot.ratable + revenue_by_lot.delivery + revenue_by_lot.breakage + revenue_by_lot.adjustment
        ) AS revenue,
        sum(revenue_by_lot.escheat) AS escheat
    FROM revenue_by_lot([DATE '9999-12-31']) AS revenue_by_lot
    GROUP BY revenue_by_lot.contract_id, revenue_by_lot.policy
),

expected AS (
    SELECT
        ended.contract_id,
        unnest(['ratable', 'on_delivery', 'proportional', 'remote', 'booked']) AS policy,
        coalesce(agreed.price, 0) AS price
    FROM ended
    LEFT JOIN agreed ON ended.contract_id = agreed.contract_id
)

SELECT
    expected.contract_id,
    expected.policy,
    expected.price,
    coalesce(recognised.revenue, 0) AS revenue,
    coalesce(recognised.escheat, 0) AS escheat
FROM expected
LEFT JOIN recognised ON expected.contract_id = recognised.contract_id AND expected.policy = recognised.policy
WHERE expected.price <> coalesce(recognised.revenue + recognised.escheat, 0)
ORDER BY expected.contract_id, expected.policy;
