-- Lots that can still be drawn after a day, with the units they hold: what work to come can be delivered from.
--
-- Grain:   one row per lot with units left, or bought by as_of and not yet begun
-- Order:   lot_id
-- Reads:   carry_over_caps, contracts, lot_balance, lot_terms, lots
-- Rules:   R1.2, R1.3, R2.2, R7.4
-- Columns:
--   lot_id               VARCHAR        the lot
--   contract_id          VARCHAR        its contract
--   unit                 VARCHAR        unit of the quantities
--   scope                VARCHAR        'any', or the service types it covers, separated by |
--   valid_from           DATE           first usable day
--   expires_on           DATE           last day of the stated term; empty = never
--   usable_until         DATE           last usable day, carry-over included; empty = never ends
--   is_upcoming          BOOLEAN        whether its first usable day is still to come
--   quantity             DECIMAL(18,4)  units left; of a lot not yet begun the units bought
--   carry_over_quantity  DECIMAL(18,4)  of these, units not lost to a carry-over cap
--   capped_on            DATE           day at whose close the other units lapse; empty = none do
CREATE OR REPLACE MACRO usable_lots(as_of DATE) AS TABLE
WITH held AS (
    SELECT
        lot_balance.lot_id,
        lot_balance.contract_id,
        lot_balance.unit,
        lots.scope,
        lot_balance.valid_from,
        lot_balance.expires_on,
        lot_balance.usable_until,
        lot_balance.status = 'upcoming' AS is_upcoming,
        CASE WHEN is_upcoming THEN lot_terms.quantity ELSE lot_balance.remaining_quantity END AS held_quantity,
        carry_over_caps.cap_quantity,
        CASE WHEN carry_over_caps.capped_on > as_of AND carry_over_caps.capped_on < lot_balance.usable_until
            THEN carry_over_caps.capped_on
        END AS capped_on
    FROM lot_balance(as_of) AS lot_balance
    INNER JOIN lot_terms ON lot_balance.lot_id = lot_terms.lot_id
    INNER JOIN lots ON lot_balance.lot_id = lots.lot_id
    INNER JOIN contracts ON lot_balance.contract_id = contracts.contract_id
    LEFT JOIN carry_over_caps ON lot_balance.lot_id = carry_over_caps.lot_id
    WHERE lot_balance.status IN ('upcoming', 'open', 'grace') AND contracts.booked_on <= as_of
)

SELECT
    held.lot_id,
    held.contract_id,
    held.unit,
    held.scope,
    held.valid_from,
    held.expires_on,
    held.usable_until,
    held.is_upcoming,
    held.held_quantity AS quantity,
    -- What is given back after the cap counted is carried whole.
    CASE
        WHEN held.capped_on IS NOT NULL THEN least(held.held_quantity, held.cap_quantity) ELSE held.held_quantity
    END AS carry_over_quantity,
    held.capped_on
FROM held;
