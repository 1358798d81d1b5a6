-- What was delivered for each request: the delivery lines that name it, less what was taken back of them.
--
-- Grain:   one row per request with a delivery by as_of
-- Order:   request_id
-- Reads:   consumption
-- Rules:   R1.5, R4.5
-- Columns:
--   request_id          VARCHAR        the request
--   contract_id         VARCHAR        the contract drawn on
--   delivered_quantity  DECIMAL(18,4)  units delivered, net of reversals
--   first_on            DATE           first delivery; no reversal is one
--   last_on             DATE           last delivery
CREATE OR REPLACE MACRO request_deliveries(as_of DATE) AS TABLE
SELECT
    coalesce(consumption.request_id, taken_back.request_id) AS request_id,
    any_value(consumption.contract_id) AS contract_id,
    CAST(sum(consumption.quantity) AS DECIMAL(18, 4)) AS delivered_quantity,
    min(consumption.service_date) FILTER (WHERE consumption.quantity > 0) AS first_on,
    max(consumption.service_date) FILTER (WHERE consumption.quantity > 0) AS last_on
FROM consumption
LEFT JOIN consumption AS taken_back ON consumption.reverses = taken_back.consumption_id
WHERE consumption.service_date <= as_of AND coalesce(consumption.request_id, taken_back.request_id) IS NOT NULL
GROUP BY coalesce(consumption.request_id, taken_back.request_id);
