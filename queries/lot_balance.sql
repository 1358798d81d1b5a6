-- What is left of every lot on a day, in units and in money.
--
-- Grain:   one row per lot
-- Order:   lot_id
-- Reads:   lot_terms, movements
-- Rules:   R1.2, R1.3, R4.1, R7.5, R7.6, R10.1
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
--   granted_amount      DECIMAL(18,3)   price of the units granted, as amended by as_of
--   drawn_amount        DECIMAL(18,3)   price of the units drawn
--   lapsed_amount       DECIMAL(18,3)   price of the units lapsed
--   revalued_amount     DECIMAL(18,3)   price changes of units gone, and what a termination released or refunded
--   remaining_amount    DECIMAL(18,3)   price of the units that remain: granted less the three
CREATE OR REPLACE MACRO lot_balance(as_of DATE) AS TABLE
WITH moved AS (
    SELECT
        movements.lot_id,
        sum(movements.quantity) FILTER (WHERE movements.kind = 'grant') AS granted,
        sum(movements.quantity) FILTER (WHERE movements.kind = 'draw') AS drawn,
        sum(movements.quantity) FILTER (WHERE movements.kind = 'lapse') AS lapsed,
        sum(movements.amount) FILTER (WHERE movements.kind = 'grant') AS granted_amount,
        sum(movements.amount) FILTER (WHERE movements.kind = 'draw') AS drawn_amount,
        sum(movements.amount) FILTER (WHERE movements.kind = 'lapse') AS lapsed_amount,
        sum(movements.amount) FILTER (WHERE movements.kind IN ('revalue', 'waive')) AS revalued_amount
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
        CAST(coalesce(moved.granted_amount, 0) AS DECIMAL(18, 3)) AS granted_amount,
        CAST(coalesce(moved.drawn_amount, 0) AS DECIMAL(18, 3)) AS drawn_amount,
        CAST(coalesce(moved.lapsed_amount, 0) AS DECIMAL(18, 3)) AS lapsed_amount,
        CAST(coalesce(moved.revalued_amount, 0) AS DECIMAL(18, 3)) AS revalued_amount
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
    balanced.lapsed_amount,
    balanced.revalued_amount,
    CAST(
        balanced.granted_amount - balanced.drawn_amount - balanced.lapsed_amount - balanced.revalued_amount
        AS DECIMAL(18, 3)
    ) AS remaining_amount
FROM balanced;
