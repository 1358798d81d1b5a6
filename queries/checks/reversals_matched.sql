-- Every reversal takes back a delivery that came before it, and no more than was delivered (R4.5).
WITH taken_back AS (
    SELECT
        reversal.reverses,
        sum(-reversal.quantity) AS quantity,
        min(reversal.service_date) AS first_on
    FROM consumption AS reversal
    WHERE reversal.quantity < 0
    GROUP BY reversal.reverses
)

SELECT
    taken_back.reverses AS consumption_id,
    original.service_date,
    taken_back.first_on AS reversed_on,
    original.quantity AS delivered,
    taken_back.quantity AS taken_back
FROM taken_back
LEFT JOIN consumption AS original ON taken_back.reverses = original.consumption_id
WHERE
    original.consumption_id IS NULL
    OR original.quantity < taken_back.quantity
    OR original.service_date > taken_back.first_on
ORDER BY taken_back.reverses;
