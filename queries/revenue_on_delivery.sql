-- Revenue to date of every lot under policy 2: each unit drawn at the lot's unit price, the remainder when it lapses.
--
-- Cumulative and rounded once per lot: delivery first, then breakage as the rest of the units gone, so that their sum
-- never drifts from the lot's price.
--
-- Grain:   one row per lot and boundary from its first grant on
-- Order:   lot_id, boundary
-- Reads:   lot_terms, movements
-- Rules:   R4.1, R4.2, R4.3, R4.4, R4.5, R4.6, R10.1, R10.2
-- Columns:
--   lot_id       VARCHAR        the lot
--   contract_id  VARCHAR        its contract
--   currency     VARCHAR        currency of the amounts
--   boundary     DATE           closing day
--   delivery     DECIMAL(18,3)  recognised for units delivered by the close of boundary
--   breakage     DECIMAL(18,3)  recognised for units lapsed by the close of boundary
CREATE OR REPLACE MACRO revenue_on_delivery(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT DISTINCT unnest(boundaries) AS boundary
),

moved AS (
    SELECT
        movements.lot_id,
        closings.boundary,
        sum(movements.quantity) FILTER (WHERE movements.kind = 'draw') AS drawn,
        sum(movements.quantity) FILTER (WHERE movements.kind IN ('draw', 'lapse')) AS gone
    FROM movements
    ASOF INNER JOIN closings ON movements.moved_on <= closings.boundary
    WHERE movements.lot_id IS NOT NULL
    GROUP BY movements.lot_id, closings.boundary
),

to_date AS (
    SELECT
        lot_terms.lot_id,
        lot_terms.contract_id,
        lot_terms.currency,
        lot_terms.minor_unit,
        closings.boundary,
        lot_terms.amount,
        lot_terms.quantity,
        coalesce(sum(moved.drawn) OVER so_far, 0) AS drawn,
        coalesce(sum(moved.gone) OVER so_far, 0) AS gone
    FROM lot_terms
    INNER JOIN closings ON lot_terms.valid_from <= closings.boundary
    LEFT JOIN moved ON lot_terms.lot_id = moved.lot_id AND closings.boundary = moved.boundary
    WINDOW so_far AS (PARTITION BY lot_terms.lot_id ORDER BY closings.boundary)
)

SELECT
    to_date.lot_id,
    to_date.contract_id,
    to_date.currency,
    to_date.boundary,
    price_of_units(to_date.amount, to_date.quantity, to_date.drawn, to_date.minor_unit) AS delivery,
    CAST(
        price_of_units(to_date.amount, to_date.quantity, to_date.gone, to_date.minor_unit) - delivery
        AS DECIMAL(18, 3)
    ) AS breakage
FROM to_date;
