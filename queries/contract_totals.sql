-- Every contract's units added up: granted = drawn + lapsed + remaining, and delivered = drawn + overage.
--
-- Grain:   one row per contract and unit
-- Order:   contract_id, unit
-- Reads:   consumption, lots, movements
-- Rules:   R2.2, R9.1
-- Columns:
--   contract_id         VARCHAR        the contract
--   unit                VARCHAR        unit of the quantities
--   granted_quantity    DECIMAL(18,4)  units granted by as_of
--   drawn_quantity      DECIMAL(18,4)  units drawn by as_of
--   lapsed_quantity     DECIMAL(18,4)  units lapsed by as_of
--   remaining_quantity  DECIMAL(18,4)  units left
--   delivered_quantity  DECIMAL(18,4)  units delivered by as_of
--   overage_quantity    DECIMAL(18,4)  of these, beyond the lots
CREATE OR REPLACE MACRO contract_totals(as_of DATE) AS TABLE
WITH moved AS (
    SELECT
        movements.contract_id,
        coalesce(lots.unit, consumption.unit) AS unit,
        movements.kind,
        movements.quantity
    FROM movements
    LEFT JOIN lots ON movements.lot_id = lots.lot_id
    LEFT JOIN consumption ON movements.event_id = consumption.consumption_id
    WHERE movements.moved_on <= as_of
    UNION ALL
    SELECT
        consumption.contract_id,
        consumption.unit,
        'delivered' AS kind,
        consumption.quantity
    FROM consumption
    WHERE consumption.service_date <= as_of
)

SELECT
    moved.contract_id,
    moved.unit,
    CAST(coalesce(sum(moved.quantity) FILTER (WHERE moved.kind = 'grant'), 0) AS DECIMAL(18, 4)) AS granted_quantity,
    CAST(coalesce(sum(moved.quantity) FILTER (WHERE moved.kind = 'draw'), 0) AS DECIMAL(18, 4)) AS drawn_quantity,
    CAST(coalesce(sum(moved.quantity) FILTER (WHERE moved.kind = 'lapse'), 0) AS DECIMAL(18, 4)) AS lapsed_quantity,
    CAST(granted_quantity - drawn_quantity - lapsed_quantity AS DECIMAL(18, 4)) AS remaining_quantity,
    CAST(coalesce(sum(moved.quantity) FILTER (WHERE moved.kind = 'delivered'), 0) AS DECIMAL(18, 4))
        AS delivered_quantity,
    CAST(coalesce(sum(moved.quantity) FILTER (WHERE moved.kind = 'overage'), 0) AS DECIMAL(18, 4)) AS overage_quantity
FROM moved
GROUP BY moved.contract_id, moved.unit;
