-- What each contract's units were used for, by service: delivered = drawn on its lots + overage.
--
-- Grain:   one row per contract, service and unit
-- Order:   contract_id, amount DESC, service_type, unit
-- Reads:   consumption, contracts, draws, overage
-- Rules:   R2.4, R4.1, R9.1
-- Columns:
--   contract_id         VARCHAR        the contract
--   service_type        VARCHAR        what was delivered
--   unit                VARCHAR        unit of the quantities
--   delivery_count      BIGINT         delivery lines, reversals not counted
--   delivered_quantity  DECIMAL(18,4)  units delivered, net of reversals
--   drawn_quantity      DECIMAL(18,4)  of these, drawn on lots
--   overage_quantity    DECIMAL(18,4)  of these, beyond the lots
--   currency            VARCHAR        currency of amount
--   amount              DECIMAL(18,3)  price of the units drawn
CREATE OR REPLACE MACRO consumption_by_service(as_of DATE) AS TABLE
WITH drawn AS (
    SELECT
        draws.consumption_id,
        sum(draws.quantity) AS quantity,
        sum(draws.amount) AS amount
    FROM draws
    GROUP BY draws.consumption_id
),

beyond AS (
    SELECT
        overage.consumption_id,
        sum(overage.quantity) AS quantity
    FROM overage
    GROUP BY overage.consumption_id
)

SELECT
    consumption.contract_id,
    consumption.service_type,
    consumption.unit,
    count(*) FILTER (WHERE consumption.quantity > 0) AS delivery_count,
    CAST(sum(consumption.quantity) AS DECIMAL(18, 4)) AS delivered_quantity,
    CAST(coalesce(sum(drawn.quantity), 0) AS DECIMAL(18, 4)) AS drawn_quantity,
    CAST(coalesce(sum(beyond.quantity), 0) AS DECIMAL(18, 4)) AS overage_quantity,
    contracts.currency,
    CAST(coalesce(sum(drawn.amount), 0) AS DECIMAL(18, 3)) AS amount
FROM consumption
INNER JOIN contracts ON consumption.contract_id = contracts.contract_id
LEFT JOIN drawn ON consumption.consumption_id = drawn.consumption_id
LEFT JOIN beyond ON consumption.consumption_id = beyond.consumption_id
WHERE consumption.service_date <= as_of
GROUP BY consumption.contract_id, consumption.service_type, consumption.unit, contracts.currency;
