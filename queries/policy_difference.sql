-- Which contracts make the difference between revenue on delivery and ratable revenue over a span.
--
-- Grain:   one row per contract with revenue under either policy between the first and the last boundary
-- Order:   currency, abs(difference) DESC, contract_id
-- Reads:   accounts, contracts, liability_rollforward
-- Rules:   R3.1, R4.1, R4.3
-- Columns:
--   contract_id         VARCHAR        the contract
--   account_name        VARCHAR        the client's name
--   owner               VARCHAR        who sees the budget through
--   recognition_method  VARCHAR        the policy it is booked under
--   currency            VARCHAR        currency of the amounts
--   ratable             DECIMAL(18,3)  revenue of the span under the ratable policy
--   on_delivery         DECIMAL(18,3)  revenue of the span on delivery, lapse included
--   breakage            DECIMAL(18,3)  of on_delivery, recognised for lapsed units
--   difference          DECIMAL(18,3)  on_delivery less ratable: timing, never total
CREATE OR REPLACE MACRO policy_difference(boundaries DATE[]) AS TABLE
WITH spans AS (
    SELECT
        liability_rollforward.contract_id,
        sum(liability_rollforward.revenue_ratable) AS ratable,
        sum(liability_rollforward.revenue_delivery + liability_rollforward.revenue_breakage) AS on_delivery,
        sum(liability_rollforward.revenue_breakage) AS breakage
    FROM liability_rollforward([list_min(boundaries), list_max(boundaries)]) AS liability_rollforward
    GROUP BY liability_rollforward.contract_id
)

SELECT
    spans.contract_id,
    accounts.name AS account_name,
    contracts.owner,
    contracts.recognition_method,
    contracts.currency,
    CAST(spans.ratable AS DECIMAL(18, 3)) AS ratable,
    CAST(spans.on_delivery AS DECIMAL(18, 3)) AS on_delivery,
    CAST(spans.breakage AS DECIMAL(18, 3)) AS breakage,
    CAST(spans.on_delivery - spans.ratable AS DECIMAL(18, 3)) AS difference
FROM spans
INNER JOIN contracts ON spans.contract_id = contracts.contract_id
INNER JOIN accounts ON contracts.account_id = accounts.account_id
WHERE spans.ratable <> 0 OR spans.on_delivery <> 0;
