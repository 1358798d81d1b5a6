-- What each open lot is forecast to leave unused.
--
-- The pace so far is carried on to the last usable day (run rate) and corrected by the errors such forecasts made on
-- lots that had ended by then, seen at the same tenth of their term with a run rate in the same third: their mean moves the
-- forecast, their 10% to 90% range is the interval. With fewer than 20 such lots to learn from, the interval is
-- everything that can happen, from nil to all that remains.
--
-- Grain:   one row per day asked about and lot with an end that has begun by then and holds units
-- Order:   origin, lot_id
-- Reads:   burn_history, lot_terms, movements
-- Rules:   R1.2, R1.3
-- Columns:
--   origin             DATE           the day the forecast is made, from what happened by its close
--   lot_id             VARCHAR        the lot
--   contract_id        VARCHAR        its contract
--   currency           VARCHAR        currency of the amounts
--   usable_until       DATE           its last usable day
--   unit               VARCHAR        unit of the quantities
--   remaining_quantity DECIMAL(18,4)  units left at the origin
--   elapsed_share      DOUBLE         share of the term passed, 0 to 1
--   used_share         DOUBLE         share of the units drawn, 0 to 1
--   learned_from       BIGINT         ended lots the interval rests on
--   expected_quantity  DECIMAL(18,4)  units expected to be left at the end
--   low_quantity       DECIMAL(18,4)  lower end of the 80% interval
--   high_quantity      DECIMAL(18,4)  upper end of the 80% interval
--   lower_quantity     DECIMAL(18,4)  lower end of the 50% interval
--   upper_quantity     DECIMAL(18,4)  upper end of the 50% interval
--   expected_amount    DECIMAL(18,3)  price of expected_quantity
--   low_amount         DECIMAL(18,3)  price of low_quantity
--   high_amount        DECIMAL(18,3)  price of high_quantity
CREATE OR REPLACE MACRO unused_forecast_at(origins DATE[]) AS TABLE
WITH days AS (
    SELECT DISTINCT unnest(origins) AS origin
),

standing AS (
    SELECT
        days.origin,
        movements.lot_id,
        CAST(sum(movements.quantity) FILTER (WHERE movements.kind = 'grant') AS DOUBLE) AS granted,
        CAST(coalesce(sum(movements.quantity) FILTER (WHERE movements.kind = 'draw'), 0) AS DOUBLE) AS drawn,
        CAST(coalesce(sum(movements.quantity) FILTER (WHERE movements.kind = 'lapse'), 0) AS DOUBLE) AS lapsed
    FROM movements
    INNER JOIN days ON movements.moved_on <= days.origin
    WHERE movements.lot_id IS NOT NULL
    GROUP BY days.origin, movements.lot_id
),

open_lots AS (
    SELECT
        standing.origin,
        lot_terms.lot_id,
        lot_terms.contract_id,
        lot_terms.currency,
        lot_terms.minor_unit,
        lot_terms.usable_until,
        lot_terms.unit,
        lot_terms.amount,
        lot_terms.quantity,
        standing.granted,
        standing.drawn / standing.granted AS used_share,
        (standing.granted - standing.drawn - standing.lapsed) / standing.granted AS remaining_share,
        (standing.origin - lot_terms.valid_from + 1.0) / (lot_terms.usable_until - lot_terms.valid_from + 1)
            AS elapsed_share,
        CAST(least(9, greatest(1, round(elapsed_share * 10))) AS BIGINT) AS tenth,
        greatest(0, 1 - used_share / elapsed_share) AS run_rate
    FROM standing
    INNER JOIN lot_terms ON standing.lot_id = lot_terms.lot_id
    WHERE
        standing.granted - standing.drawn - standing.lapsed > 0
        AND lot_terms.valid_from <= standing.origin
        AND lot_terms.usable_until > standing.origin
),

errors AS (
    SELECT
        days.origin,
        burn_history.tenth,
        least(2, floor(burn_history.run_rate * 3)) AS third,
        count(*) AS learned_from,
        avg(burn_history.unused - burn_history.run_rate) AS mean_error,
        quantile_cont(burn_history.unused - burn_history.run_rate, [0.1, 0.25, 0.75, 0.9]) AS error_range
    FROM burn_history
    INNER JOIN days ON burn_history.usable_until <= days.origin
    GROUP BY days.origin, burn_history.tenth, third
    HAVING count(*) >= 20
),

corrected AS (
    SELECT
        open_lots.origin,
        open_lots.lot_id,
        open_lots.contract_id,
        open_lots.currency,
        open_lots.minor_unit,
        open_lots.usable_until,
        open_lots.unit,
        open_lots.amount,
        open_lots.quantity,
        open_lots.granted,
        open_lots.used_share,
        open_lots.remaining_share,
        open_lots.elapsed_share,
        coalesce(errors.learned_from, 0) AS learned_from,
        open_lots.run_rate,
        coalesce(errors.mean_error, 0) AS mean_error,
        coalesce(errors.error_range, [-1.0, -1.0, 1.0, 1.0]) AS error_range
    FROM open_lots
    LEFT JOIN errors
        ON
            open_lots.origin = errors.origin
            AND open_lots.tenth = errors.tenth
            AND least(2, floor(open_lots.run_rate * 3)) = errors.third
),

bounded AS (
    SELECT
        corrected.origin,
        corrected.lot_id,
        corrected.contract_id,
        corrected.currency,
        corrected.minor_unit,
        corrected.usable_until,
        corrected.unit,
        corrected.amount,
        corrected.quantity,
        corrected.used_share,
        corrected.elapsed_share,
        corrected.learned_from,
        CAST(corrected.granted * corrected.remaining_share AS DECIMAL(18, 4)) AS remaining_quantity,
        [
            CAST(
                corrected.granted * greatest(0, least(corrected.remaining_share, corrected.run_rate + error))
                AS DECIMAL(18, 4)
            )
            FOR error IN list_prepend(corrected.mean_error, corrected.error_range)
        ] AS unused
    FROM corrected
)

SELECT
    bounded.origin,
    bounded.lot_id,
    bounded.contract_id,
    bounded.currency,
    bounded.usable_until,
    bounded.unit,
    bounded.remaining_quantity,
    bounded.elapsed_share,
    bounded.used_share,
    bounded.learned_from,
    bounded.unused[1] AS expected_quantity,
    bounded.unused[2] AS low_quantity,
    bounded.unused[5] AS high_quantity,
    bounded.unused[3] AS lower_quantity,
    bounded.unused[4] AS upper_quantity,
    price_of_units(bounded.amount, bounded.quantity, bounded.unused[1], bounded.minor_unit) AS expected_amount,
    price_of_units(bounded.amount, bounded.quantity, bounded.unused[2], bounded.minor_unit) AS low_amount,
    price_of_units(bounded.amount, bounded.quantity, bounded.unused[5], bounded.minor_unit) AS high_amount
FROM bounded;
