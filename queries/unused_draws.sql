-- Two hundred ways the future may go, each with what every open lot leaves: what intervals of totals are counted on.
--
-- Add up one draw over the lots of a group, then take quantiles over the draws: lots that miss together are drawn
-- together (queries/forecast/together.py), which adding their intervals would not show.
--
-- Grain:   one row per day a forecast was made on, lot and draw
-- Order:   origin, lot_id, draw_no
-- Reads:   forecasts, lot_terms
-- Rules:   R1.2, R11.3
-- Columns:
--   origin         DATE     day the forecast was made: as_of, or a quarter end before it
--   lot_id         VARCHAR  the lot
--   contract_id    VARCHAR  its contract
--   currency       VARCHAR  currency of the amounts
--   usable_until   DATE     its last usable day, as known on the origin
--   draw_no        BIGINT   the draw: the same world for every lot
--   amount         DOUBLE   price of the units left in it
--   remaining      DOUBLE   price of the units that were left on the origin
CREATE OR REPLACE MACRO unused_draws(as_of DATE) AS TABLE
SELECT
    forecasts.origin,
    forecasts.lot_id,
    forecasts.contract_id,
    lot_terms.currency,
    forecasts.usable_until,
    unnest(generate_series(1, len(forecasts.draws))) AS draw_no,
    unnest(forecasts.draws) * CAST(lot_terms.amount AS DOUBLE) / CAST(lot_terms.quantity AS DOUBLE) AS amount,
    CAST(forecasts.remaining_quantity AS DOUBLE) * CAST(lot_terms.amount AS DOUBLE)
    / CAST(lot_terms.quantity AS DOUBLE) AS remaining
FROM forecasts
INNER JOIN lot_terms ON forecasts.lot_id = lot_terms.lot_id
WHERE forecasts.origin <= as_of;
