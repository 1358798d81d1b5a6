-- The day on which a lot's carry-over cap counts: once, at the close of the first end that was not put off in time.
--
-- Grain:   one row per lot with a carry-over cap
-- Order:   lot_id
-- Reads:   amendments, lots
-- Rules:   R7.1, R7.4
-- Columns:
--   lot_id        VARCHAR        the lot
--   contract_id   VARCHAR        its contract
--   cap_quantity  DECIMAL(18,4)  units that may be carried over
--   capped_on     DATE           last day of the term at whose close the rest lapses; empty = never ends
CREATE OR REPLACE MACRO carry_over_caps() AS TABLE
WITH ends AS (
    SELECT
        given.lot_id,
        given.ends_on,
        lead(given.from_day) OVER (PARTITION BY given.lot_id ORDER BY given.from_day, given.ends_on) AS replaced_on
    FROM (
        SELECT lots.lot_id, lots.valid_from AS from_day, lots.expires_on AS ends_on FROM lots
        UNION ALL
        SELECT amendments.lot_id, amendments.effective_on, amendments.new_expires_on FROM amendments
        WHERE amendments.new_expires_on IS NOT NULL
    ) AS given
)

SELECT
    lots.lot_id,
    lots.contract_id,
    CAST(lots.carry_over_cap_quantity AS DECIMAL(18, 4)) AS cap_quantity,
    min(ends.ends_on) FILTER (WHERE ends.replaced_on IS NULL OR ends.replaced_on > ends.ends_on) AS capped_on
FROM lots
INNER JOIN ends ON lots.lot_id = ends.lot_id
WHERE lots.carry_over_cap_quantity IS NOT NULL
GROUP BY lots.lot_id, lots.contract_id, lots.carry_over_cap_quantity;
