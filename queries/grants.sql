-- Every grant of units with its price and the term the price spreads over under the ratable policy.
--
-- A grant is the purchase, or an amendment that adds or takes back units at the lot's unit price. An amendment is
-- recognised like a lot of its own (R7.7): from its own day over what is left of the stated term, rounded by itself, so
-- it changes nothing already recognised. Amounts are differences of the lot's rounded cumulative price, so a lot's
-- grants add up to it. Grace days are no part of the term.
--
-- Grain:   one row per grant of a lot with an end; a lot without one takes its contract's
-- Order:   movement_no
-- Reads:   contracts, lot_terms, movements
-- Rules:   R3.1, R3.2, R7.7, R10.1
-- Columns:
--   movement_no  BIGINT         the grant
--   lot_id       VARCHAR        its lot
--   contract_id  VARCHAR        the lot's contract
--   quantity     DECIMAL(18,4)  units granted; negative = taken back
--   amount       DECIMAL(18,3)  their price
--   minor_unit   HUGEINT        smallest bookable amount of the currency, in thousandths
--   convention   VARCHAR        daily, month_even, month_half or month_actual
--   starts_on    DATE           first day of its term
--   ends_on      DATE           last day of its term
CREATE OR REPLACE MACRO grants() AS TABLE
WITH running AS (
    SELECT
        movements.movement_no,
        movements.lot_id,
        movements.contract_id,
        movements.moved_on,
        movements.quantity,
        sum(movements.quantity) OVER lot_so_far AS granted_to_date
    FROM movements
    WHERE movements.kind = 'grant'
    WINDOW lot_so_far AS (PARTITION BY movements.lot_id ORDER BY movements.movement_no)
),

priced AS (
    SELECT
        running.movement_no,
        running.lot_id,
        running.contract_id,
        running.moved_on,
        running.quantity,
        lot_terms.minor_unit,
        lot_terms.expires_on,
        price_of_units(lot_terms.amount, lot_terms.quantity, running.granted_to_date, lot_terms.minor_unit)
            AS amount_to_date
    FROM running
    INNER JOIN lot_terms ON running.lot_id = lot_terms.lot_id
)

SELECT
    priced.movement_no,
    priced.lot_id,
    priced.contract_id,
    priced.quantity,
    CAST(priced.amount_to_date - lag(priced.amount_to_date, 1, 0) OVER lot_before AS DECIMAL(18, 3)) AS amount,
    priced.minor_unit,
    contracts.recognition_convention AS convention,
    priced.moved_on AS starts_on,
    greatest(coalesce(priced.expires_on, contracts.ends_on), priced.moved_on) AS ends_on
FROM priced
INNER JOIN contracts ON priced.contract_id = contracts.contract_id
WHERE coalesce(priced.expires_on, contracts.ends_on) IS NOT NULL
WINDOW lot_before AS (PARTITION BY priced.lot_id ORDER BY priced.movement_no);
