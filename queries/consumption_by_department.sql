-- What each contract's units were used for, by the department that delivered them.
--
-- A delivery several departments shared is counted for each, and its units by their shares; a reversal takes back the
-- same shares.
--
-- Grain:   one row per contract, department and unit; deliveries without one under '(no department)'
-- Order:   contract_id, delivered_quantity DESC, department, unit
-- Reads:   consumption, consumption_departments
-- Rules:   R1.5, R4.5, R12.1
-- Columns:
--   contract_id         VARCHAR        the contract
--   department          VARCHAR        who delivered, '(no department)' where none is named
--   unit                VARCHAR        unit of delivered_quantity
--   delivery_count      BIGINT         delivery lines it had a part in, reversals not counted
--   delivered_quantity  DECIMAL(18,4)  its share of the units delivered, net of reversals
--   first_on            DATE           first delivery; no reversal is one
--   last_on             DATE           last delivery
CREATE OR REPLACE MACRO consumption_by_department(as_of DATE) AS TABLE
WITH parts AS (
    SELECT
        consumption.contract_id,
        coalesce(consumption_departments.department, '(no department)') AS department,
        consumption.unit,
        consumption.quantity,
        consumption.service_date,
        units(consumption.quantity) * shares(coalesce(consumption_departments.share, 1)) AS part
    FROM consumption
    LEFT JOIN consumption_departments
        ON coalesce(consumption.reverses, consumption.consumption_id) = consumption_departments.consumption_id
    WHERE consumption.service_date <= as_of
)

SELECT
    parts.contract_id,
    parts.department,
    parts.unit,
    count(*) FILTER (WHERE parts.quantity > 0) AS delivery_count,
    CAST(
        round_half_up(CAST(sum(parts.part) AS HUGEINT), 1000000000000) * CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(18, 4)
    ) AS delivered_quantity,
    min(parts.service_date) FILTER (WHERE parts.quantity > 0) AS first_on,
    max(parts.service_date) FILTER (WHERE parts.quantity > 0) AS last_on
FROM parts
GROUP BY parts.contract_id, parts.department, parts.unit;
