-- How good past forecasts were, beside the run rate and the run rate with its past errors.
--
-- Rounded to nine decimals: sums of doubles differ in the last ones with the order they are added in.
-- Of a forecast that is right about itself, 80% intervals hold 80% of the time. Every lot counts alike, whatever its
-- size or unit.
--
-- Grain:   one row per member of the dimension and method
-- Order:   member, method
-- Reads:   forecast_scores
-- Rules:   R1.2
-- Columns:
--   member          VARCHAR  the service, the owner, the share of the term passed, the day forecast on, or 'all'
--   method          VARCHAR  forecast, run_rate or conformal
--   forecast_count  BIGINT   forecasts of lots that have ended since
--   lot_count       BIGINT   lots they were of
--   unused          DOUBLE   share of a lot left unused, on average
--   wape            DOUBLE   mean absolute error of the median, as a share of what was left unused; empty if nothing was
--   crps            DOUBLE   mean continuous ranked probability score, in shares of a lot; less is better
--   bias            DOUBLE   forecast left unused over what was; 1 = neither too much nor too little; empty if nothing was
--   held_80         DOUBLE   share of 80% intervals that held
--   held_50         DOUBLE   share of 50% intervals that held
CREATE OR REPLACE MACRO backtest(as_of DATE, dimension VARCHAR) AS TABLE
WITH members AS (
    SELECT
        forecast_scores.method,
        forecast_scores.lot_id,
        forecast_scores.unused,
        forecast_scores.middle,
        forecast_scores.expected,
        forecast_scores.crps,
        forecast_scores.held_80,
        forecast_scores.held_50,
        CASE dimension
            WHEN 'all' THEN 'all'
            WHEN 'service' THEN forecast_scores.service
            WHEN 'owner' THEN forecast_scores.owner
            WHEN 'origin' THEN CAST(forecast_scores.origin AS VARCHAR)
            WHEN 'share'
                THEN
                    CASE
                        WHEN forecast_scores.elapsed_share < 0.25 THEN '0 to 25%'
                        WHEN forecast_scores.elapsed_share < 0.5 THEN '25 to 50%'
                        WHEN forecast_scores.elapsed_share < 0.75 THEN '50 to 75%'
                        ELSE '75 to 100%'
                    END
            ELSE error('dimension must be all, service, owner, share or origin')
        END AS member
    FROM forecast_scores(as_of) AS forecast_scores
)

SELECT
    members.member,
    members.method,
    count(*) AS forecast_count,
    count(DISTINCT members.lot_id) AS lot_count,
    round(avg(members.unused), 9) AS unused,
    round(sum(abs(members.middle - members.unused)) / nullif(sum(members.unused), 0), 9) AS wape,
    round(avg(members.crps), 9) AS crps,
    round(sum(members.expected) / nullif(sum(members.unused), 0), 9) AS bias,
    round(avg(members.held_80), 9) AS held_80,
    round(avg(members.held_50), 9) AS held_50
FROM members
GROUP BY members.member, members.method;
