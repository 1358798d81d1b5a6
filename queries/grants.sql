-- Every grant of units with the term its price spreads over under the ratable policy.
--
-- A grant is the purchase, or an amendment that adds or takes back units; each spreads from its own day over what is
-- left of the stated term, so a later grant changes nothing already recognised. Grace days are no part of the term.
--
-- Grain:   one row per grant of a lot with an end; a lot without one takes its contract's
-- Order:   movement_no
-- Reads:   contracts, lot_terms, movements
-- Rules:   R3.1, R3.2, R7.7
-- Columns:
--   movement_no  BIGINT         the grant
--   lot_id       VARCHAR        its lot
--   contract_id  VARCHAR        the lot's contract
--   quantity     DECIMAL(18,4)  units granted; negative = taken back
--   convention   VARCHAR        daily, month_even, month_half or month_actual
--   starts_on    DATE           first day of its term
--   ends_on      DATE           last day of its term
CREATE OR REPLACE MACRO grants() AS TABLE
SELECT
    movements.movement_no,
    movements.lot_id,
    movements.contract_id,
    movements.quantity,
    contracts.recognition_convention AS convention,
    movements.moved_on AS starts_on,
    greatest(coalesce(lot_terms.expires_on, contracts.ends_on), movements.moved_on) AS ends_on
FROM movements
INNER JOIN lot_terms ON movements.lot_id = lot_terms.lot_id
INNER JOIN contracts ON movements.contract_id = contracts.contract_id
WHERE movements.kind = 'grant' AND coalesce(lot_terms.expires_on, contracts.ends_on) IS NOT NULL;
