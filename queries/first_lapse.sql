-- The first day on which units of an open lot lapse if they are not used, and how many: whom a carry-over cap hurries.
--
-- What a lot holds above its carry-over cap lapses at the close of its stated term, the rest on its last usable day.
-- A cap counts once: an extension agreed after the term has ended brings none with it.
--
-- Grain:   one row per lot open or in grace at as_of that has an end
-- Order:   lot_id
-- Reads:   amendments, lot_balance, lots
-- Rules:   R1.2, R1.3, R7.1, R7.4
-- Columns:
--   lot_id              VARCHAR        the lot
--   contract_id         VARCHAR        its contract
--   unit                VARCHAR        unit of the quantities
--   usable_until        DATE           last usable day
--   remaining_quantity  DECIMAL(18,4)  units left
--   lapses_on           DATE           first day at whose close units lapse: last of the term, else last usable day
--   lapses_quantity     DECIMAL(18,4)  units left that lapse then: those above the cap, else all
CREATE OR REPLACE MACRO first_lapse(as_of DATE) AS TABLE
WITH moved_ends AS (
    SELECT
        amendments.lot_id,
        amendments.effective_on,
        lag(amendments.new_expires_on, 1, lots.expires_on) OVER (
            PARTITION BY amendments.lot_id ORDER BY amendments.effective_on, amendments.amendment_id
        ) AS ended_on
    FROM amendments
    INNER JOIN lots ON amendments.lot_id = lots.lot_id
    WHERE amendments.new_expires_on IS NOT NULL
),

caps AS (
    SELECT
        lots.lot_id,
        lots.carry_over_cap_quantity AS quantity
    FROM lots
    WHERE
        lots.carry_over_cap_quantity IS NOT NULL
        AND lots.lot_id NOT IN (
            SELECT moved_ends.lot_id
            FROM moved_ends
            WHERE moved_ends.effective_on > moved_ends.ended_on AND moved_ends.effective_on <= as_of
        )
)

SELECT
    lot_balance.lot_id,
    lot_balance.contract_id,
    lot_balance.unit,
    lot_balance.usable_until,
    lot_balance.remaining_quantity,
    CASE
        WHEN
            lot_balance.expires_on > as_of
            AND lot_balance.expires_on < lot_balance.usable_until
            AND lot_balance.remaining_quantity > caps.quantity
            THEN lot_balance.expires_on
        ELSE lot_balance.usable_until
    END AS lapses_on,
    CAST(
        lot_balance.remaining_quantity - CASE WHEN lapses_on < lot_balance.usable_until THEN caps.quantity ELSE 0 END
        AS DECIMAL(18, 4)
    ) AS lapses_quantity
FROM lot_balance(as_of) AS lot_balance
LEFT JOIN caps ON lot_balance.lot_id = caps.lot_id
WHERE lot_balance.status IN ('open', 'grace') AND lot_balance.usable_until IS NOT NULL;
