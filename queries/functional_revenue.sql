-- Revenue of every contract in the seller's own currency, at historical rates, by period.
--
-- Advances are not remeasured: the n-th unit of revenue takes the rate of the n-th unit billed, if that was billed by
-- the day it was earned, else the rate of the day it was earned; the rate is then fixed. Days without a rate take the
-- latest before. Contracts in the seller's own currency count as they are.
--
-- Grain:   one row per contract, policy and period; contracts in a currency without rates are left out
-- Order:   contract_id, policy, period_end
-- Reads:   billings, contracts, currencies, fx_rates, revenue_lines
-- Rules:   R10.2, R11.1, R11.2, R11.3
-- Columns:
--   contract_id          VARCHAR        the contract
--   functional_currency  VARCHAR        the seller's own currency
--   policy               VARCHAR        ratable, on_delivery, proportional, remote or booked
--   period_end           DATE           closing day of the period; the first boundary takes everything up to it
--   amount               DECIMAL(18,3)  revenue without overage, in the functional currency; empty = a rate is missing
CREATE OR REPLACE MACRO functional_revenue(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT DISTINCT unnest(boundaries) AS boundary
),

pairs AS (
    SELECT DISTINCT
        fx_rates.currency,
        fx_rates.functional_currency
    FROM fx_rates
    UNION
    SELECT DISTINCT
        fx_rates.functional_currency AS currency,
        fx_rates.functional_currency
    FROM fx_rates
),

rates AS (
    SELECT
        fx_rates.currency,
        fx_rates.functional_currency,
        fx_rates.rate_on,
        CAST(CAST(fx_rates.rate AS DECIMAL(38, 8)) * 100000000 AS HUGEINT) AS rate
    FROM fx_rates
    UNION ALL
    SELECT DISTINCT
        fx_rates.functional_currency AS currency,
        fx_rates.functional_currency,
        DATE '0001-01-01' AS rate_on,
        CAST(100000000 AS HUGEINT) AS rate
    FROM fx_rates
),

translated AS (
    SELECT
        contracts.contract_id,
        pairs.currency,
        pairs.functional_currency
    FROM contracts
    INNER JOIN pairs ON contracts.currency = pairs.currency
),

-- Day by day, so that what is earned before it is billed takes its own day's rate.
days AS (
    SELECT unnest(
        generate_series(
            coalesce((SELECT min(contracts.starts_on) FROM contracts), list_min(boundaries)),
            list_max(boundaries),
            INTERVAL 1 DAY
        )
    ) AS day
),

earned AS (
    SELECT
        translated.contract_id,
        translated.currency,
        translated.functional_currency,
        revenue_lines.policy,
        revenue_lines.period_end AS earned_on,
        mills(sum(
            revenue_lines.ratable + revenue_lines.delivery + revenue_lines.breakage + revenue_lines.adjustment
        )) AS amount
    FROM revenue_lines((SELECT list(CAST(days.day AS DATE)) FROM days)) AS revenue_lines
    INNER JOIN translated ON revenue_lines.contract_id = translated.contract_id
    GROUP BY
        translated.contract_id,
        translated.currency,
        translated.functional_currency,
        revenue_lines.policy,
        revenue_lines.period_end
),

earned_to_date AS (
    SELECT
        earned.contract_id,
        earned.currency,
        earned.functional_currency,
        earned.policy,
        earned.earned_on,
        sum(earned.amount) OVER so_far AS to_date
    FROM earned
    WINDOW so_far AS (PARTITION BY earned.contract_id, earned.policy ORDER BY earned.earned_on)
),

-- Revenue units are numbered by the amount they bring the total to; each is first earned once.
first_earned AS (
    SELECT
        earned_to_date.contract_id,
        earned_to_date.currency,
        earned_to_date.functional_currency,
        earned_to_date.policy,
        earned_to_date.earned_on,
        coalesce(max(earned_to_date.to_date) OVER before, 0) AS above,
        earned_to_date.to_date AS up_to
    FROM earned_to_date
    WINDOW
        before AS (
            PARTITION BY earned_to_date.contract_id, earned_to_date.policy
            ORDER BY earned_to_date.earned_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
    QUALIFY earned_to_date.to_date > greatest(above, 0)
),

billed_to_date AS (
    SELECT
        translated.contract_id,
        billings.billed_on,
        coalesce(CAST(CAST(billings.fx_rate AS DECIMAL(38, 8)) * 100000000 AS HUGEINT), rates.rate) AS rate,
        billings.billing_id,
        mills(sum(billings.amount) OVER so_far) AS to_date
    FROM billings
    INNER JOIN translated ON billings.contract_id = translated.contract_id
    ASOF LEFT JOIN rates
        ON
            translated.currency = rates.currency
            AND translated.functional_currency = rates.functional_currency
            AND billings.billed_on >= rates.rate_on
    WINDOW so_far AS (PARTITION BY billings.contract_id ORDER BY billings.billed_on, billings.billing_id)
),

first_billed AS (
    SELECT
        billed_to_date.contract_id,
        billed_to_date.billed_on,
        billed_to_date.rate,
        coalesce(max(billed_to_date.to_date) OVER before, 0) AS above,
        billed_to_date.to_date AS up_to
    FROM billed_to_date
    WINDOW
        before AS (
            PARTITION BY billed_to_date.contract_id
            ORDER BY billed_to_date.billed_on, billed_to_date.billing_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
    QUALIFY billed_to_date.to_date > greatest(above, 0)
),

billed_in_time AS (
    SELECT
        first_earned.contract_id,
        first_earned.functional_currency,
        first_earned.policy,
        first_earned.earned_on,
        greatest(first_earned.above, first_billed.above) AS above,
        least(first_earned.up_to, first_billed.up_to) AS up_to,
        first_billed.rate
    FROM first_earned
    INNER JOIN first_billed
        ON
            first_earned.contract_id = first_billed.contract_id
            AND first_billed.billed_on <= first_earned.earned_on
            AND first_earned.above < first_billed.up_to
            AND first_billed.above < first_earned.up_to
),

-- What was earned beyond everything billed by that day.
earned_first AS (
    SELECT
        first_earned.contract_id,
        first_earned.functional_currency,
        first_earned.policy,
        greatest(first_earned.above, coalesce(max(billed_in_time.up_to), first_earned.above)) AS above,
        first_earned.up_to,
        any_value(rates.rate) AS rate
    FROM first_earned
    LEFT JOIN billed_in_time
        ON
            first_earned.contract_id = billed_in_time.contract_id
            AND first_earned.policy = billed_in_time.policy
            AND first_earned.earned_on = billed_in_time.earned_on
    ASOF LEFT JOIN rates
        ON
            first_earned.currency = rates.currency
            AND first_earned.functional_currency = rates.functional_currency
            AND first_earned.earned_on >= rates.rate_on
    GROUP BY
        first_earned.contract_id,
        first_earned.functional_currency,
        first_earned.policy,
        first_earned.above,
        first_earned.up_to
),

rated AS (
    SELECT
        billed_in_time.contract_id,
        billed_in_time.policy,
        billed_in_time.above,
        billed_in_time.up_to,
        billed_in_time.rate
    FROM billed_in_time
    UNION ALL
    SELECT
        earned_first.contract_id,
        earned_first.policy,
        earned_first.above,
        earned_first.up_to,
        earned_first.rate
    FROM earned_first
    WHERE earned_first.above < earned_first.up_to
),

at_boundary AS (
    SELECT
        earned_to_date.contract_id,
        earned_to_date.functional_currency,
        earned_to_date.policy,
        closings.boundary,
        arg_max(earned_to_date.to_date, earned_to_date.earned_on) AS to_date
    FROM earned_to_date
    INNER JOIN closings ON earned_to_date.earned_on <= closings.boundary
    GROUP BY
        earned_to_date.contract_id,
        earned_to_date.functional_currency,
        earned_to_date.policy,
        closings.boundary
),

translated_to_date AS (
    SELECT
        at_boundary.contract_id,
        at_boundary.functional_currency,
        at_boundary.policy,
        at_boundary.boundary,
        CASE
            WHEN count(rated.above) = count(rated.rate)
                THEN
                    rounded_money(
                        CAST(
                            coalesce(sum((least(at_boundary.to_date, rated.up_to) - rated.above) * rated.rate), 0)
                            AS HUGEINT
                        ),
                        100000000,
                        currencies.minor_unit
                    )
        END AS amount
    FROM at_boundary
    INNER JOIN currencies ON at_boundary.functional_currency = currencies.currency
    LEFT JOIN rated
        ON
            at_boundary.contract_id = rated.contract_id
            AND at_boundary.policy = rated.policy
            AND rated.above < at_boundary.to_date
    GROUP BY
        at_boundary.contract_id,
        at_boundary.functional_currency,
        at_boundary.policy,
        at_boundary.boundary,
        currencies.minor_unit
)

SELECT
    translated_to_date.contract_id,
    translated_to_date.functional_currency,
    translated_to_date.policy,
    translated_to_date.boundary AS period_end,
    CAST(
        translated_to_date.amount - lag(translated_to_date.amount, 1, 0) OVER in_time AS DECIMAL(18, 3)
    ) AS amount
FROM translated_to_date
WINDOW
    in_time AS (
        PARTITION BY translated_to_date.contract_id, translated_to_date.policy ORDER BY translated_to_date.boundary
    );
