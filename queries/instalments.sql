-- The monthly instalments of grants whose contract recognises by month instead of by day, as exact weights.
--
-- An instalment is posted on the last day of its month, or of the term.
--
-- Grain:   one row per grant and calendar month of its term
-- Order:   movement_no, posted_on
-- Reads:   grants
-- Rules:   R3.3
-- Columns:
--   movement_no     BIGINT   the grant
--   contract_id     VARCHAR  its contract
--   posted_on       DATE     day the instalment is recognised
--   weight_to_date  HUGEINT  weight of the instalments up to this one
--   weight_total    HUGEINT  weight of all instalments: weight_to_date / weight_total of the price is recognised
CREATE OR REPLACE MACRO instalments() AS TABLE
WITH counted AS (
    SELECT
        grants.movement_no,
        grants.contract_id,
        grants.convention,
        grants.starts_on,
        grants.ends_on,
        date_diff('month', grants.starts_on, grants.ends_on) + 1 AS calendar_months,
        date_sub('month', grants.starts_on, grants.ends_on + 1) AS full_months
    FROM grants
    WHERE grants.convention <> 'daily'
),

months AS (
    SELECT
        counted.movement_no,
        counted.contract_id,
        counted.convention,
        counted.starts_on,
        counted.ends_on,
        counted.calendar_months,
        -- whole months counted from the first day of the term; a started month counts
        counted.full_months
        + CAST(counted.starts_on + to_months(CAST(counted.full_months AS INTEGER)) <= counted.ends_on AS INTEGER)
            AS started_months,
        unnest(generate_series(1, counted.calendar_months)) AS month_number
    FROM counted
),

dated AS (
    SELECT
        months.movement_no,
        months.contract_id,
        months.convention,
        months.starts_on,
        months.calendar_months,
        months.started_months,
        months.month_number,
        CAST(date_trunc('month', months.starts_on) + to_months(CAST(months.month_number - 1 AS INTEGER)) AS DATE)
            AS month_start,
        least(last_day(month_start), months.ends_on) AS posted_on
    FROM months
),

weighted AS (
    SELECT
        dated.movement_no,
        dated.contract_id,
        dated.posted_on,
        CASE dated.convention
            WHEN 'month_even' THEN CAST(dated.month_number <= dated.started_months AS INTEGER)
            WHEN 'month_half' THEN
                CASE
                    WHEN
                        day(dated.starts_on) <> 1
                        AND dated.calendar_months > 1
                        AND dated.month_number IN (1, dated.calendar_months)
                        THEN 1
                    ELSE 2
                END
            -- days of the term in the month / days of the month, over 377,580 = lcm(28, 29, 30, 31)
            ELSE
                (dated.posted_on - greatest(dated.month_start, dated.starts_on) + 1)
                * (377580 // day(last_day(dated.month_start)))
        END AS weight
    FROM dated
)

SELECT
    weighted.movement_no,
    weighted.contract_id,
    weighted.posted_on,
    CAST(sum(weighted.weight) OVER (PARTITION BY weighted.movement_no ORDER BY weighted.posted_on) AS HUGEINT)
        AS weight_to_date,
    CAST(sum(weighted.weight) OVER (PARTITION BY weighted.movement_no) AS HUGEINT) AS weight_total
FROM weighted;
