-- Which contracts make the difference between the policies over a span.
--
-- Grain:   one row per contract with revenue under some policy after the first boundary and up to the last
-- Order:   currency, abs(on_delivery - ratable) DESC, contract_id
-- Reads:   accounts, contracts, revenue_lines
-- Rules:   R3.1, R4.1, R4.3, R5.1, R6.1
-- Columns:
--   contract_id         VARCHAR        the contract
--   account_name        VARCHAR        the client's name
--   owner               VARCHAR        who sees the budget through
--   recognition_method  VARCHAR        the policy it is booked under
--   currency            VARCHAR        currency of the amounts
--   booked              DECIMAL(18,3)  revenue of the span as booked
--   ratable             DECIMAL(18,3)  under the ratable policy
--   on_delivery         DECIMAL(18,3)  on delivery, lapse included
--   proportional        DECIMAL(18,3)  with breakage in proportion
--   remote              DECIMAL(18,3)  with breakage once use is remote
CREATE OR REPLACE MACRO policy_difference(boundaries DATE[]) AS TABLE
WITH lines AS (
    SELECT
        revenue_lines.contract_id,
        revenue_lines.policy,
        revenue_lines.ratable + revenue_lines.delivery + revenue_lines.breakage + revenue_lines.adjustment AS revenue
    FROM revenue_lines([list_min(boundaries), list_max(boundaries)]) AS revenue_lines
    WHERE revenue_lines.period_end > list_min(boundaries)
),

spans AS (
    SELECT
        lines.contract_id,
        coalesce(sum(lines.revenue) FILTER (WHERE lines.policy = 'booked'), 0) AS booked,
        coalesce(sum(lines.revenue) FILTER (WHERE lines.policy = 'ratable'), 0) AS ratable,
        coalesce(sum(lines.revenue) FILTER (WHERE lines.policy = 'on_delivery'), 0) AS on_delivery,
        coalesce(sum(lines.revenue) FILTER (WHERE lines.policy = 'proportional'), 0) AS proportional,
        coalesce(sum(lines.revenue) FILTER (WHERE lines.policy = 'remote'), 0) AS remote
    FROM lines
    GROUP BY lines.contract_id
)

SELECT
    spans.contract_id,
    accounts.name AS account_name,
    contracts.owner,
    contracts.recognition_method,
    contracts.currency,
    CAST(spans.booked AS DECIMAL(18, 3)) AS booked,
    CAST(spans.ratable AS DECIMAL(18, 3)) AS ratable,
    CAST(spans.on_delivery AS DECIMAL(18, 3)) AS on_delivery,
    CAST(spans.proportional AS DECIMAL(18, 3)) AS proportional,
    CAST(spans.remote AS DECIMAL(18, 3)) AS remote
FROM spans
INNER JOIN contracts ON spans.contract_id = contracts.contract_id
INNER JOIN accounts ON contracts.account_id = accounts.account_id
WHERE spans.booked <> 0 OR spans.ratable <> 0 OR spans.on_delivery <> 0 OR spans.proportional <> 0 OR spans.remote <> 0;
