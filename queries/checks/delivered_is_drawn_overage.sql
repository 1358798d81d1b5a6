-- Every delivery is drawn on lots or is overage, wholly and once (R9.1, R9.3).
WITH placed AS (
    SELECT
        movements.event_id,
        sum(movements.quantity) AS quantity
    FROM movements
    WHERE movements.kind IN ('draw', 'overage')
    GROUP BY movements.event_id
)

SELECT
    consumption.contract_id,
    consumption.consumption_id,
    consumption.quantity AS delivered,
    coalesce(placed.quantity, 0) AS placed
FROM consumption
LEFT JOIN placed ON consumption.consumption_id = placed.event_id
WHERE consumption.quantity <> coalesce(placed.quantity, 0)
ORDER BY consumption.consumption_id;
