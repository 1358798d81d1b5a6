-- How lots of any size and term burnt down: share left by share of term passed, so that they can be laid over each other.
--
-- Grain:   one row per lot with an end and day on which its balance changed
-- Order:   lot_id, on_date
-- Reads:   lot_terms, movements
-- Rules:   R1.2, R1.3
-- Columns:
--   lot_id           VARCHAR  the lot
--   contract_id      VARCHAR  its contract
--   on_date          DATE     the day; shares are as at its close
--   elapsed_share    DOUBLE   share of the term passed, 0 to 1
--   remaining_share  DOUBLE   share of the units left; of a lot that ended, what was left before it lapsed
CREATE OR REPLACE MACRO burn_curves(as_of DATE) AS TABLE
WITH granted AS (
    SELECT
        movements.lot_id,
        CAST(sum(movements.quantity) AS DOUBLE) AS quantity
    FROM movements
    WHERE movements.kind = 'grant' AND movements.moved_on <= as_of
    GROUP BY movements.lot_id
),

used AS (
    SELECT
        movements.lot_id,
        movements.moved_on AS on_date,
        CAST(sum(movements.quantity) AS DOUBLE) AS quantity
    FROM movements
    WHERE movements.kind = 'draw' AND movements.moved_on <= as_of
    GROUP BY movements.lot_id, movements.moved_on
    UNION ALL
    SELECT
        lot_terms.lot_id,
        unnest([lot_terms.valid_from - 1, least(as_of, lot_terms.usable_until)]) AS on_date,
        0 AS quantity
    FROM lot_terms
    WHERE lot_terms.usable_until IS NOT NULL AND lot_terms.valid_from <= as_of
),

daily AS (
    SELECT
        used.lot_id,
        used.on_date,
        sum(used.quantity) AS quantity
    FROM used
    GROUP BY used.lot_id, used.on_date
)

SELECT
    daily.lot_id,
    lot_terms.contract_id,
    daily.on_date,
    (daily.on_date - lot_terms.valid_from + 1.0) / (lot_terms.usable_until - lot_terms.valid_from + 1) AS elapsed_share,
    1 - sum(daily.quantity) OVER (PARTITION BY daily.lot_id ORDER BY daily.on_date) / granted.quantity AS remaining_share
FROM daily
INNER JOIN granted ON daily.lot_id = granted.lot_id
INNER JOIN lot_terms ON daily.lot_id = lot_terms.lot_id
WHERE lot_terms.usable_until IS NOT NULL AND granted.quantity > 0;
