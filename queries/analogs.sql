-- The ended lots that a lot's forecast rests on most, and how each burnt down: why the forecast is what it is.
--
-- Lots of other clients in scope are among them: what can be compared is told, not whose they are.
--
-- Grain:   one row per lot alike and day on which its balance changed
-- Order:   analog_no, elapsed_share
-- Reads:   analog_curves
-- Rules:   R1.2, R1.3
-- Columns:
--   contract_id      VARCHAR        contract of the lot that is forecast
--   analog_no        BIGINT         rank of the ended lot: 1 counts most
--   weight           DOUBLE         its share of the forecast, 0 to 1
--   service          VARCHAR        its service line
--   unit             VARCHAR        unit of its quantity
--   quantity         DECIMAL(18,4)  units it had
--   term_days        BIGINT         days of its term, carry-over included
--   ended_on         DATE           its last usable day
--   unused_share     DOUBLE         share of its units that was left, 0 to 1
--   elapsed_share    DOUBLE         share of its term passed, 0 to 1
--   remaining_share  DOUBLE         share of its units left by then, 0 to 1
CREATE OR REPLACE MACRO analogs(as_of DATE, lot VARCHAR) AS TABLE
SELECT
    analog_curves.contract_id,
    analog_curves.analog_no,
    analog_curves.weight,
    analog_curves.service,
    analog_curves.unit,
    analog_curves.quantity,
    analog_curves.term_days,
    analog_curves.ended_on,
    analog_curves.unused_share,
    analog_curves.elapsed_share,
    analog_curves.remaining_share
FROM analog_curves
WHERE analog_curves.known_on = as_of AND analog_curves.lot_id = lot;
