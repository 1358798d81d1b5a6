-- Revenue to date of every contract under each policy, by component.
--
-- Grain:   one row per contract, policy and boundary at which something has been recognised or granted
-- Order:   contract_id, policy, boundary
-- Reads:   overage, revenue_on_delivery, revenue_ratable
-- Rules:   R3.1, R4.4, R9.2
-- Columns:
--   contract_id  VARCHAR        the contract
--   policy       VARCHAR        ratable or on_delivery
--   boundary     DATE           closing day
--   ratable      DECIMAL(18,3)  for elapsed time
--   delivery     DECIMAL(18,3)  for units delivered
--   breakage     DECIMAL(18,3)  for units lapsed
--   overage      DECIMAL(18,3)  for units beyond the lots, the same under every policy
CREATE OR REPLACE MACRO revenue_to_date(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT DISTINCT unnest(boundaries) AS boundary
),

components AS (
    SELECT
        revenue_ratable.contract_id,
        'ratable' AS policy,
        revenue_ratable.boundary,
        revenue_ratable.ratable,
        0 AS delivery,
        0 AS breakage,
        0 AS overage
    FROM revenue_ratable(boundaries) AS revenue_ratable
    UNION ALL
    SELECT
        revenue_on_delivery.contract_id,
        'on_delivery' AS policy,
        revenue_on_delivery.boundary,
        0 AS ratable,
        revenue_on_delivery.delivery,
        revenue_on_delivery.breakage,
        0 AS overage
    FROM revenue_on_delivery(boundaries) AS revenue_on_delivery
    UNION ALL
    SELECT
        overage.contract_id,
        unnest(['ratable', 'on_delivery']) AS policy,
        closings.boundary,
        0 AS ratable,
        0 AS delivery,
        0 AS breakage,
        overage.revenue AS overage
    FROM overage
    INNER JOIN closings ON overage.service_date <= closings.boundary
)

SELECT
    components.contract_id,
    components.policy,
    components.boundary,
    CAST(sum(components.ratable) AS DECIMAL(18, 3)) AS ratable,
    CAST(sum(components.delivery) AS DECIMAL(18, 3)) AS delivery,
    CAST(sum(components.breakage) AS DECIMAL(18, 3)) AS breakage,
    CAST(sum(components.overage) AS DECIMAL(18, 3)) AS overage
FROM components
GROUP BY components.contract_id, components.policy, components.boundary;
