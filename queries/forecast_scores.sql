-- Every past forecast of a lot that has ended since, with what came: the forecast's own record beside two rivals.
--
-- Forecast at the quarter ends of the three years before as_of, each from what was known then. The rivals are the
-- spreadsheet's run rate (use goes on at the pace so far) and the run rate with the errors it made on ended lots.
-- Everything is in shares of the lot, so that lots of any unit count alike.
--
-- Grain:   one row per method, day the forecast was made on and lot that had ended by as_of
-- Order:   method, origin, lot_id
-- Reads:   forecasts, lot_balance, lot_terms, movements, rival_forecasts
-- Rules:   R1.2, R7.4
-- Columns:
--   method         VARCHAR  forecast, run_rate, or conformal: the run rate with its past errors
--   origin         DATE     day the forecast was made on
--   lot_id         VARCHAR  the lot
--   contract_id    VARCHAR  its contract
--   service        VARCHAR  its service line
--   owner          VARCHAR  who sees the budget through
--   elapsed_share  DOUBLE   share of the term passed, 0 to 1
--   expected       DOUBLE   forecast left unused: the mean, or the run rate; share of the lot
--   middle         DOUBLE   median of the forecast; share of the lot
--   unused         DOUBLE   what was left unused; share of the lot
--   crps           DOUBLE   continuous ranked probability score over the seven levels; share of the lot, less is better
--   held_80        DOUBLE   1 where the 80% interval held, 0 where not, a part where the outcome straddles its end
--   held_50        DOUBLE   the same of the 50% interval
CREATE OR REPLACE MACRO forecast_scores(as_of DATE) AS TABLE
WITH made AS (
    SELECT
        'forecast' AS method,
        forecasts.origin,
        forecasts.lot_id,
        forecasts.expected,
        forecasts.levels
    FROM forecasts
    UNION ALL
    SELECT
        rival_forecasts.method,
        rival_forecasts.origin,
        rival_forecasts.lot_id,
        list_avg(rival_forecasts.levels) AS expected,
        rival_forecasts.levels
    FROM rival_forecasts
),

-- what a carry-over cap had taken before is no part of the forecast
lapsed_before AS (
    SELECT
        forecasts.origin,
        forecasts.lot_id,
        sum(movements.quantity) AS quantity
    FROM forecasts
    INNER JOIN movements ON forecasts.lot_id = movements.lot_id AND forecasts.origin >= movements.moved_on
    WHERE movements.kind = 'lapse'
    GROUP BY forecasts.origin, forecasts.lot_id
),

compared AS (
    SELECT
        made.method,
        made.origin,
        made.lot_id,
        lot_terms.contract_id,
        lot_terms.service,
        lot_terms.owner,
        forecasts.elapsed_share,
        CAST(lot_balance.granted_quantity AS DOUBLE) AS granted,
        made.expected,
        made.levels,
        CAST(forecasts.remaining_quantity AS DOUBLE) AS remaining,
        least(
            CAST(lot_balance.lapsed_quantity - coalesce(lapsed_before.quantity, 0) AS DOUBLE),
            CAST(forecasts.remaining_quantity AS DOUBLE)
        ) AS unused
    FROM made
    INNER JOIN forecasts ON made.origin = forecasts.origin AND made.lot_id = forecasts.lot_id
    INNER JOIN lot_terms ON made.lot_id = lot_terms.lot_id
    INNER JOIN lot_balance(as_of) AS lot_balance ON made.lot_id = lot_balance.lot_id
    LEFT JOIN lapsed_before ON made.origin = lapsed_before.origin AND made.lot_id = lapsed_before.lot_id
    WHERE
        lot_terms.usable_until <= as_of
        AND made.origin < lot_terms.usable_until
        AND made.origin + 1 = date_trunc('quarter', made.origin + 1)
        AND made.origin >= date_trunc('quarter', as_of) - to_months(33) - INTERVAL 1 DAY
        AND lot_balance.granted_quantity > 0
),

placed AS (
    SELECT
        compared.method,
        compared.origin,
        compared.lot_id,
        compared.contract_id,
        compared.service,
        compared.owner,
        compared.elapsed_share,
        compared.granted,
        compared.expected,
        compared.levels,
        compared.unused,
        probability_below(compared.levels, compared.remaining, compared.unused) AS position
    FROM compared
)

SELECT
    placed.method,
    placed.origin,
    placed.lot_id,
    placed.contract_id,
    placed.service,
    placed.owner,
    placed.elapsed_share,
    placed.expected / placed.granted AS expected,
    placed.levels[4] / placed.granted AS middle,
    placed.unused / placed.granted AS unused,
    2 * list_sum([
        weights.weight * greatest(
            weights.level * (placed.unused - weights.quantile), (weights.level - 1) * (placed.unused - weights.quantile)
        )
        FOR weights IN [
            {'weight': 0.075, 'level': 0.05, 'quantile': placed.levels[1]},
            {'weight': 0.1, 'level': 0.1, 'quantile': placed.levels[2]},
            {'weight': 0.2, 'level': 0.25, 'quantile': placed.levels[3]},
            {'weight': 0.25, 'level': 0.5, 'quantile': placed.levels[4]},
            {'weight': 0.2, 'level': 0.75, 'quantile': placed.levels[5]},
            {'weight': 0.1, 'level': 0.9, 'quantile': placed.levels[6]},
            {'weight': 0.075, 'level': 0.95, 'quantile': placed.levels[7]}
        ]
    ]) / placed.granted AS crps,
    held_share(placed.position, 0.1, 0.9) AS held_80,
    held_share(placed.position, 0.25, 0.75) AS held_50
FROM placed;
