-- Which lot each delivery drew on; a delivery can span lots, a reversal is negative.
--
-- Grain:   one row per delivery and lot drawn
-- Order:   movement_no
-- Reads:   movements
-- Rules:   R2.1, R2.2, R2.3, R2.4, R4.5
-- Columns:
--   movement_no     BIGINT         place in the unit ledger
--   consumption_id  VARCHAR        the delivery
--   contract_id     VARCHAR        its contract
--   lot_id          VARCHAR        the lot drawn
--   service_date    DATE           day of delivery
--   quantity        DECIMAL(18,4)  units drawn
CREATE OR REPLACE MACRO draws() AS TABLE
SELECT
    movements.movement_no,
    movements.event_id AS consumption_id,
    movements.contract_id,
    movements.lot_id,
    movements.moved_on AS service_date,
    movements.quantity
FROM movements
WHERE movements.kind = 'draw';
