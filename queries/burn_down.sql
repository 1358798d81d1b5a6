-- What remained of every lot, day by day, against the pace that would use it up exactly by the end of its term.
--
-- Grain:   one row per lot and day on which its balance changed, with its first day and as_of or its last usable day
-- Order:   lot_id, on_date
-- Reads:   lot_terms, movements
-- Rules:   R1.2
-- Columns:
--   lot_id              VARCHAR        the lot
--   contract_id         VARCHAR        its contract
--   unit                VARCHAR        unit of the quantities
--   on_date             DATE           the day; quantities are as at its close
--   remaining_quantity  DECIMAL(18,4)  units left
--   ideal_quantity      DECIMAL(18,4)  units that would be left at an even pace; empty where the lot never expires
CREATE OR REPLACE MACRO burn_down(as_of DATE) AS TABLE
WITH changes AS (
    SELECT
        movements.lot_id,
        movements.moved_on AS on_date,
        CASE WHEN movements.kind = 'grant' THEN movements.quantity ELSE -movements.quantity END AS change,
        CASE WHEN movements.kind = 'grant' THEN movements.quantity ELSE 0 END AS granted
    FROM movements
    WHERE movements.lot_id IS NOT NULL AND movements.moved_on <= as_of
    UNION ALL
    SELECT
        lot_terms.lot_id,
        least(as_of, coalesce(lot_terms.usable_until, as_of)) AS on_date,
        0 AS change,
        0 AS granted
    FROM lot_terms
    WHERE lot_terms.valid_from <= as_of
),

daily AS (
    SELECT
        changes.lot_id,
        changes.on_date,
        sum(changes.change) AS change,
        sum(changes.granted) AS granted
    FROM changes
    GROUP BY changes.lot_id, changes.on_date
),

running AS (
    SELECT
        daily.lot_id,
        daily.on_date,
        sum(daily.change) OVER so_far AS remaining,
        sum(daily.granted) OVER so_far AS granted
    FROM daily
    WINDOW so_far AS (PARTITION BY daily.lot_id ORDER BY daily.on_date)
)

SELECT
    lot_terms.lot_id,
    lot_terms.contract_id,
    lot_terms.unit,
    running.on_date,
    CAST(running.remaining AS DECIMAL(18, 4)) AS remaining_quantity,
    CASE
        WHEN lot_terms.expires_on IS NOT NULL
            THEN
                CAST(
                    round_half_up(
                        units(running.granted) * greatest(lot_terms.expires_on - running.on_date, 0),
                        lot_terms.expires_on - lot_terms.valid_from + 1
                    ) * CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(18, 4)
                )
    END AS ideal_quantity
FROM running
INNER JOIN lot_terms ON running.lot_id = lot_terms.lot_id;
