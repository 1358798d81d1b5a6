-- Which lot each delivery drew on, and at what price; a delivery can span lots, a reversal is negative.
--
-- A draw's amount is the rise of the lot's rounded cumulative price, so a lot's draws add up to its delivered revenue.
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
WITH running AS (
    SELECT
        movements.movement_no,
        movements.event_id,
        movements.contract_id,
        movements.lot_id,
        movements.moved_on,
        movements.quantity,
        sum(movements.quantity) OVER lot_so_far AS drawn_to_date
    FROM movements
    WHERE movements.kind = 'draw'
    WINDOW lot_so_far AS (PARTITION BY movements.lot_id ORDER BY movements.movement_no)
),

priced AS (
    SELECT
        running.movement_no,
        running.event_id,
        running.contract_id,
        running.lot_id,
        running.moved_on,
        running.quantity,
        lot_terms.unit,
        lot_terms.currency,
        price_of_units(lot_terms.amount, lot_terms.quantity, running.drawn_to_date, lot_terms.minor_unit)
            AS amount_to_date
    FROM running
    INNER JOIN lot_terms ON running.lot_id = lot_terms.lot_id
)

SELECT
    priced.movement_no,
    priced.event_id AS consumption_id,
    priced.contract_id,
    priced.lot_id,
    priced.moved_on AS service_date,
    priced.unit,
    priced.quantity,
    priced.currency,
    CAST(priced.amount_to_date - lag(priced.amount_to_date, 1, 0) OVER lot_before AS DECIMAL(18, 3)) AS amount
FROM priced
WINDOW lot_before AS (PARTITION BY priced.lot_id ORDER BY priced.movement_no);
