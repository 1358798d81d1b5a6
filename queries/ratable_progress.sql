-- How much of each grant's term has passed on each boundary, as an exact fraction, by the contract's convention.
--
-- A grant is the purchase or an amendment that adds or takes back units; each spreads from its own day over what is
-- left of the stated term, so a later grant changes nothing already recognised.
--
-- Grain:   one row per grant and boundary
-- Order:   movement_no, boundary
-- Reads:   contracts, lot_terms, movements
-- Rules:   R3.1, R3.2, R3.3
-- Columns:
--   movement_no  BIGINT         the grant
--   lot_id       VARCHAR        its lot
--   boundary     DATE           closing day
--   granted      DECIMAL(18,4)  units granted; negative = taken back
--   done         HUGEINT        numerator: days (daily) or month weights passed by the close of boundary
--   whole        HUGEINT        denominator: the same over the whole term
CREATE OR REPLACE MACRO ratable_progress(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT unnest(boundaries) AS boundary
),

grants AS (
    SELECT
        movements.movement_no,
        movements.lot_id,
        movements.quantity AS granted,
        contracts.recognition_convention AS convention,
        movements.moved_on AS starts_on,
        greatest(coalesce(lot_terms.expires_on, contracts.ends_on), movements.moved_on) AS ends_on
    FROM movements
    INNER JOIN lot_terms() AS lot_terms ON movements.lot_id = lot_terms.lot_id
    INNER JOIN contracts ON lot_terms.contract_id = contracts.contract_id
    WHERE movements.kind = 'grant' AND coalesce(lot_terms.expires_on, contracts.ends_on) IS NOT NULL
),

by_day AS (
    SELECT
        grants.movement_no,
        grants.lot_id,
        closings.boundary,
        grants.granted,
        least(closings.boundary, grants.ends_on) - grants.starts_on + 1 AS done,
        grants.ends_on - grants.starts_on + 1 AS whole
    FROM grants
    INNER JOIN closings ON grants.starts_on <= closings.boundary
    WHERE grants.convention = 'daily'
),

counted AS (
    SELECT
        grants.movement_no,
        grants.convention,
        grants.starts_on,
        grants.ends_on,
        date_diff('month', grants.starts_on, grants.ends_on) + 1 AS calendar_months,
        date_sub('month', grants.starts_on, grants.ends_on + 1) AS full_months,
        full_months + CAST(grants.starts_on + to_months(CAST(full_months AS INTEGER)) <= grants.ends_on AS INTEGER)
            AS started_months
    FROM grants
    WHERE grants.convention <> 'daily'
),

months AS (
    SELECT
        counted.movement_no,
        counted.convention,
        counted.starts_on,
        counted.ends_on,
        counted.calendar_months,
        counted.started_months,
        unnest(generate_series(1, counted.calendar_months)) AS month_number,
        CAST(date_trunc('month', counted.starts_on) + to_months(CAST(month_number - 1 AS INTEGER)) AS DATE) AS first_day
    FROM counted
),

weighted AS (
    SELECT
        months.movement_no,
        least(last_day(months.first_day), months.ends_on) AS posted_on,
        CASE months.convention
            WHEN 'month_even' THEN CAST(months.month_number <= months.started_months AS INTEGER)
            WHEN 'month_half' THEN
                CASE
                    WHEN
                        day(months.starts_on) <> 1
                        AND months.calendar_months > 1
                        AND months.month_number IN (1, months.calendar_months)
                        THEN 1
                    ELSE 2
                END
            -- days of the term in the month / days of the month, over 377,580 = lcm(28, 29, 30, 31)
            ELSE
                (posted_on - greatest(months.first_day, months.starts_on) + 1)
                * (377580 // day(last_day(months.first_day)))
        END AS weight
    FROM months
),

by_month AS (
    SELECT
        grants.movement_no,
        grants.lot_id,
        closings.boundary,
        grants.granted,
        coalesce(sum(weighted.weight) FILTER (WHERE weighted.posted_on <= closings.boundary), 0) AS done,
        sum(weighted.weight) AS whole
    FROM grants
    INNER JOIN closings ON grants.starts_on <= closings.boundary
    INNER JOIN weighted ON grants.movement_no = weighted.movement_no
    GROUP BY grants.movement_no, grants.lot_id, closings.boundary, grants.granted
)

SELECT
    by_day.movement_no,
    by_day.lot_id,
    by_day.boundary,
    by_day.granted,
    CAST(by_day.done AS HUGEINT) AS done,
    CAST(by_day.whole AS HUGEINT) AS whole
FROM by_day
UNION ALL
SELECT
    by_month.movement_no,
    by_month.lot_id,
    by_month.boundary,
    by_month.granted,
    by_month.done,
    by_month.whole
FROM by_month;
