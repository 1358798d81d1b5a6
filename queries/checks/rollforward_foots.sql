-- Opening + billings - refunds - revenue = closing, each period opens where the one before closed, and the last closing
-- is all that was billed less all that was recognised (R8.1, R13.1).
WITH span AS (
    SELECT
        CAST(date_trunc('month', min(movements.moved_on)) AS DATE) - 1 AS opens_on,
        CAST(date_trunc('month', max(movements.moved_on)) + to_months(1) AS DATE) AS closes_on
    FROM movements
),

rollforward AS (
    SELECT
        liability_rollforward.contract_id,
        liability_rollforward.policy,
        liability_rollforward.period_end,
        liability_rollforward.opening,
        liability_rollforward.opening
        + liability_rollforward.billings
        - liability_rollforward.refunds
        - liability_rollforward.revenue_ratable
        - liability_rollforward.revenue_delivery
        - liability_rollforward.revenue_breakage AS footed,
        liability_rollforward.closing,
        lag(liability_rollforward.closing) OVER contract_before AS closed_before
    FROM liability_rollforward(
        (
            SELECT
                [
                    CAST(month_start AS DATE) - 1
                    FOR month_start IN generate_series(opens_on + 1, closes_on, INTERVAL 6 MONTH)
                ]
            FROM span
        )
    ) AS liability_rollforward
    WINDOW contract_before AS (
        PARTITION BY liability_rollforward.contract_id, liability_rollforward.policy
        ORDER BY liability_rollforward.period_end
    )
)

SELECT
    rollforward.contract_id,
    rollforward.policy,
    rollforward.period_end,
    rollforward.opening,
    rollforward.footed,
    rollforward.closing
FROM rollforward
WHERE
    rollforward.footed <> rollforward.closing
    OR rollforward.opening <> coalesce(rollforward.closed_before, rollforward.opening)
ORDER BY rollforward.contract_id, rollforward.policy, rollforward.period_end;
