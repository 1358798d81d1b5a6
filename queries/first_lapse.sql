-- The first day on which units of an open lot lapse if they are not used, and how many: whom a carry-over cap hurries.
--
-- What a lot holds above its carry-over cap lapses at the close of its stated term, the rest on its last usable day.
-- A cap counts once: an extension agreed after the term has ended brings none with it.
--
-- Grain:   one row per lot open or in grace at as_of that has an end
-- Order:   lot_id
-- Reads:   carry_over_caps, lot_balance
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
SELECT
    lot_balance.lot_id,
    lot_balance.contract_id,
    lot_balance.unit,
    lot_balance.usable_until,
    lot_balance.remaining_quantity,
    CASE
        WHEN
            carry_over_caps.capped_on > as_of
            AND carry_over_caps.capped_on < lot_balance.usable_until
            AND lot_balance.remaining_quantity > carry_over_caps.cap_quantity
            THEN carry_over_caps.capped_on
        ELSE lot_balance.usable_until
    END AS lapses_on,
    CAST(
        lot_balance.remaining_quantity
        - CASE WHEN lapses_on < lot_balance.usable_until THEN carry_over_caps.cap_quantity ELSE 0 END
        AS DECIMAL(18, 4)
    ) AS lapses_quantity
FROM lot_balance(as_of) AS lot_balance
LEFT JOIN carry_over_caps ON lot_balance.lot_id = carry_over_caps.lot_id
WHERE lot_balance.status IN ('open', 'grace') AND lot_balance.usable_until IS NOT NULL;
