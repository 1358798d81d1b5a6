-- How ended lots stood at every tenth of their term, and what came of them: the experience forecasts rest on.
--
-- It names no contract, so it is never narrowed: a forecast must not depend on who asks. The term runs to the last usable
-- day, carry-over included. A lot that had nothing left at a tenth teaches nothing there.
--
-- Grain:   one row per lot with an end and tenth of its term, 1 to 9
-- Order:   lot_id, tenth
-- Reads:   lot_terms, movements
-- Rules:   R1.2, R1.3
-- Columns:
--   lot_id          VARCHAR  the lot
--   usable_until    DATE     its last usable day
--   tenth           BIGINT   tenths of the term passed
--   used            DOUBLE   share of the lot drawn by then, 0 to 1
--   run_rate        DOUBLE   share left at the end if use had gone on at the pace so far
--   unused          DOUBLE   share that was left at the end
CREATE OR REPLACE MACRO burn_history() AS TABLE
WITH lifetimes AS (
    SELECT
        movements.lot_id,
        CAST(sum(movements.quantity) FILTER (WHERE movements.kind = 'grant') AS DOUBLE) AS granted,
        CAST(sum(movements.quantity) FILTER (WHERE movements.kind = 'lapse') AS DOUBLE) AS lapsed
    FROM movements
    WHERE movements.lot_id IS NOT NULL
    GROUP BY movements.lot_id
),

tenths AS (
    SELECT
        lot_terms.lot_id,
        lot_terms.usable_until,
        coalesce(lifetimes.lapsed, 0) / lifetimes.granted AS unused,
        unnest(generate_series(1, 9)) AS tenth,
        lot_terms.valid_from + CAST(ceil(tenth * (lot_terms.usable_until - lot_terms.valid_from + 1) / 10.0) AS INTEGER)
            - 1 AS on_date
    FROM lot_terms
    INNER JOIN lifetimes ON lot_terms.lot_id = lifetimes.lot_id
    WHERE lot_terms.usable_until IS NOT NULL AND lifetimes.granted > 0
),

running AS (
    SELECT
        movements.lot_id,
        movements.moved_on,
        CAST(sum(movements.quantity) FILTER (WHERE movements.kind = 'grant') OVER so_far AS DOUBLE) AS granted,
        CAST(coalesce(sum(movements.quantity) FILTER (WHERE movements.kind = 'draw') OVER so_far, 0) AS DOUBLE) AS drawn,
        CAST(coalesce(sum(movements.quantity) FILTER (WHERE movements.kind = 'lapse') OVER so_far, 0) AS DOUBLE) AS lapsed
    FROM movements
    WHERE movements.lot_id IS NOT NULL
    WINDOW so_far AS (PARTITION BY movements.lot_id ORDER BY movements.moved_on)
),

standings AS (
    SELECT
        tenths.lot_id,
        tenths.usable_until,
        tenths.tenth,
        tenths.unused,
        running.drawn / running.granted AS used
    FROM tenths
    ASOF INNER JOIN running ON tenths.lot_id = running.lot_id AND tenths.on_date >= running.moved_on
    WHERE running.granted - running.drawn - running.lapsed > 0
)

SELECT
    standings.lot_id,
    standings.usable_until,
    standings.tenth,
    standings.used,
    greatest(0, 1 - standings.used * 10 / standings.tenth) AS run_rate,
    standings.unused
FROM standings;
