-- What is left of every lot on a day, in units and in money.
--
-- Grain:   one row per lot
-- Order:   lot_id
-- Reads:   lot_terms, movements
-- Rules:   R1.2, R1.3, R4.1, R10.1
-- Columns:
--   lot_id              VARCHAR         the lot
--   contract_id         VARCHAR         its contract
--   account_id          VARCHAR         the client
--   account_name        VARCHAR         the client's name
--   segment             VARCHAR         the client's segment
--   owner               VARCHAR         who sees the budget through
--   service             VARCHAR         the service line it was sold as
--   currency            VARCHAR         currency of the amounts
--   unit                VARCHAR         unit of the quantities
--   valid_from          DATE            first usable day
--   expires_on          DATE            last day of the stated term
--   usable_until        DATE            last usable day, carry-over included
--   status              VARCHAR         upcoming, open, grace, exhausted or ended
--   granted_quantity    DECIMAL(18,4)   units bought by as_of, amendments included
--   drawn_quantity      DECIMAL(18,4)   units delivered by as_of
--   lapsed_quantity     DECIMAL(18,4)   units lapsed by the close of as_of
--   remaining_quantity  DECIMAL(18,4)   granted less drawn less lapsed
--   granted_amount      DECIMAL(18,3)   price of the units granted
--   drawn_amount        DECIMAL(18,3)   price of the units drawn
--   lapsed_amount       DECIMAL(18,3)   price of the units lapsed
--   remaining_amount    DECIMAL(18,3)   price of the units that remain
CREATE OR REPLACE MACRO lot_balance(as_of DATE) AS TABLE
WITH moved AS (
    SELECT
        movements.lot_id,
        coalesce(sum(movements.quantity) FILTER (WHERE movements.kind = 'grant'), 0) AS granted,
        coalesce(sum(movements.quantity) FILTER (WHERE movements.kind = 'draw'), 0) AS drawn,
        coalesce(sum(movements.quantity) FILTER (WHERE movements.kind = 'lapse'), 0) AS lapsed
    FROM movements
    WHERE movements.lot_id IS NOT NULL AND movements.moved_on <= as_of
    GROUP BY movements.lot_id
),

balanced AS (
    SELECT
        lot_terms.lot_id,
        lot_terms.contract_id,
        lot_terms.account_id,
        lot_terms.account_name,
        lot_terms.segment,
        lot_terms.owner,
        lot_terms.service,
        lot_terms.currency,
        lot_terms.unit,
        lot_terms.valid_from,
        lot_terms.expires_on,
        lot_terms.usable_until,
        CAST(coalesce(moved.granted, 0) AS DECIMAL(18, 4)) AS granted_quantity,
        CAST(coalesce(moved.drawn, 0) AS DECIMAL(18, 4)) AS drawn_quantity,
        CAST(coalesce(moved.lapsed, 0) AS DECIMAL(18, 4)) AS lapsed_quantity,
        CAST(granted_quantity - drawn_quantity - lapsed_quantity AS DECIMAL(18, 4)) AS remaining_quantity,
        price_of_units(lot_terms.amount, lot_terms.quantity, granted_quantity, lot_terms.minor_unit) AS granted_amount,
        price_of_units(lot_terms.amount, lot_terms.quantity, drawn_quantity, lot_terms.minor_unit) AS drawn_amount,
        price_of_units(
            lot_terms.amount, lot_terms.quantity, drawn_quantity + lapsed_quantity, lot_terms.minor_unit
        ) AS gone_amount
    FROM lot_terms
    LEFT JOIN moved ON lot_terms.lot_id = moved.lot_id
)

SELECT
    balanced.lot_id,
    balanced.contract_id,
    balanced.account_id,
    balanced.account_name,
    balanced.segment,
    balanced.owner,
    balanced.service,
    balanced.currency,
    balanced.unit,
    balanced.valid_from,
    balanced.expires_on,
    balanced.usable_until,
    CASE
        WHEN balanced.valid_from > as_of THEN 'upcoming'
        WHEN balanced.usable_until <= as_of AND balanced.remaining_quantity = 0 THEN 'ended'
        WHEN balanced.remaining_quantity = 0 THEN 'exhausted'
        WHEN balanced.expires_on < as_of THEN 'grace'
        ELSE 'open'
    END AS status,
    balanced.granted_quantity,
    balanced.drawn_quantity,
    balanced.lapsed_quantity,
    balanced.remaining_quantity,
    balanced.granted_amount,
    balanced.drawn_amount,
    CAST(balanced.gone_amount - balanced.drawn_amount AS DECIMAL(18, 3)) AS lapsed_amount,
    CAST(balanced.granted_amount - balanced.gone_amount AS DECIMAL(18, 3)) AS remaining_amount
FROM balanced;
