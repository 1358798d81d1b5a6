-- What had been drawn of the lots, as it was known on a day: a delivery posted later is not there yet.
--
-- Grain:   one row per draw of a delivery on a lot
-- Order:   movement_no
-- Reads:   consumption, movements
-- Rules:   R1.5, R4.5
-- Columns:
--   movement_no   BIGINT         the draw
--   contract_id   VARCHAR        the contract
--   lot_id        VARCHAR        the lot
--   service_date  DATE           day of delivery, or of what takes it back
--   known_on      DATE           day it became known
--   quantity      DECIMAL(18,4)  units drawn; negative = given back
CREATE OR REPLACE MACRO known_use(as_of DATE) AS TABLE
SELECT
    movements.movement_no,
    movements.contract_id,
    movements.lot_id,
    movements.moved_on AS service_date,
    greatest(movements.moved_on, consumption.posted_on) AS known_on,
    movements.quantity
FROM movements
INNER JOIN consumption ON movements.event_id = consumption.consumption_id
WHERE movements.kind = 'draw' AND greatest(movements.moved_on, consumption.posted_on) <= as_of;
