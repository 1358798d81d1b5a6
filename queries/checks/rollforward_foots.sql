-- Every period of every contract opens where the one before closed, and its parts add up to its closing; the life of a
-- contract ends where billings, postings and ratable terms, added up by themselves, say it must (R8.1, R13.1).
-- The boundaries are the ends of years, and days between two terms of a lot.
WITH days AS (
    SELECT make_date(year(billings.billed_on), 12, 31) AS day FROM billings
    UNION
    SELECT make_date(year(postings.posted_on), 12, 31) AS day FROM postings
    UNION
    SELECT make_date(year(ratable_spans.ends_on), 12, 31) AS day FROM ratable_spans
    UNION
    SELECT unnest([ratable_spans.ends_on, ratable_spans.before - 1]) AS day
    FROM ratable_spans
    WHERE ratable_spans.ends_on < ratable_spans.before - 1
),

periods AS (
    SELECT
        rollforward.contract_id,
        rollforward.policy,
        rollforward.period_end,
        rollforward.opening,
        rollforward.billings - rollforward.refunds AS billed,
        rollforward.escheat,
        rollforward.revenue_ratable
        + rollforward.revenue_delivery
        + rollforward.revenue_breakage
        + rollforward.revenue_adjustment AS revenue,
        rollforward.revenue_total,
        rollforward.closing,
        rollforward.cumulative_revenue,
        lag(rollforward.closing, 1, 0) OVER in_time AS closed_before,
        lead(rollforward.period_end) OVER in_time IS NULL AS is_last
    FROM liability_rollforward(
        (SELECT [DATE '0001-01-01', DATE '9999-12-31'] || list(days.day) FROM days)
    ) AS rollforward
    WINDOW in_time AS (PARTITION BY rollforward.contract_id, rollforward.policy ORDER BY rollforward.period_end)
),

billed AS (
    SELECT
        billings.contract_id,
        sum(billings.amount) AS amount
    FROM billings
    GROUP BY billings.contract_id
),

last_spans AS (
    SELECT
        ratable_spans.contract_id,
        arg_max(
            rounded_money(
                ratable_spans.base + ratable_spans.spread + ratable_spans.adjustment,
                ratable_spans.denominator,
                ratable_spans.minor_unit
            ),
            ratable_spans.starts_on
        ) AS amount
    FROM ratable_spans
    GROUP BY ratable_spans.contract_id, ratable_spans.lot_id, ratable_spans.layer_id
),

recognised AS (
    SELECT
        last_spans.contract_id,
        'ratable' AS policy,
        sum(last_spans.amount) AS revenue,
        0 AS escheat
    FROM last_spans
    GROUP BY last_spans.contract_id
    UNION ALL
    SELECT
        postings.contract_id,
        postings.policy,
        sum(postings.delivery + postings.breakage + postings.adjustment) AS revenue,
        sum(postings.escheat) AS escheat
    FROM postings
    GROUP BY postings.contract_id, postings.policy
)

SELECT
    periods.contract_id,
    periods.policy,
    periods.period_end,
    periods.opening,
    periods.revenue_total,
    periods.closing
FROM periods
INNER JOIN contracts ON periods.contract_id = contracts.contract_id
LEFT JOIN billed ON periods.contract_id = billed.contract_id
LEFT JOIN recognised
    ON
        periods.contract_id = recognised.contract_id
        AND recognised.policy = CASE periods.policy WHEN 'booked' THEN contracts.recognition_method ELSE periods.policy END
WHERE
    periods.opening <> periods.closed_before
    OR periods.revenue_total <> periods.revenue
    OR periods.closing <> periods.opening + periods.billed - periods.escheat - periods.revenue
    OR (
        periods.is_last
        AND (
            periods.cumulative_revenue <> coalesce(recognised.revenue, 0)
            OR periods.closing
            <> coalesce(billed.amount, 0) - coalesce(recognised.revenue, 0) - coalesce(recognised.escheat, 0)
        )
    )
ORDER BY periods.contract_id, periods.policy, periods.period_end;
