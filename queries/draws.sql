-- Which lot each delivery drew on, and at what price; a delivery can span lots, a reversal is negative.
--
-- A draw's amount is the rise of the lot's rounded worth of what is gone of it, so draws and lapses add up to the price.
--
-- Grain:   one row per delivery and lot drawn
-- Order:   movement_no
-- Reads:   lot_terms, movements
-- Rules:   R2.1, R2.2, R2.3, R2.4, R4.1, R4.5, R10.1
-- Columns:
--   movement_no     BIGINT         place in the unit ledger
--   consumption_id  VARCHAR        the delivery
--   contract_id     VARCHAR        its contract
--   lot_id          VARCHAR        the lot drawn
--   service_date    DATE           day of delivery
--   unit            VARCHAR        unit of quantity
--   quantity        DECIMAL(18,4)  units drawn
--   currency        VARCHAR        currency of amount
--   amount          DECIMAL(18,3)  their price
CREATE OR REPLACE MACRO draws() AS TABLE
SELECT
    movements.movement_no,
    movements.event_id AS consumption_id,
    movements.contract_id,
    movements.lot_id,
    movements.moved_on AS service_date,
    lot_terms.unit,
    movements.quantity,
    lot_terms.currency,
    movements.amount
FROM movements
INNER JOIN lot_terms ON movements.lot_id = lot_terms.lot_id
WHERE movements.kind = 'draw';
