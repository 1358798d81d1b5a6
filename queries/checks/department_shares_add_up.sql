-- The departments of a delivery share it wholly: their shares add up to 1 (R12.1).
SELECT
    consumption_departments.consumption_id,
    sum(consumption_departments.share) AS total_share
FROM consumption_departments
GROUP BY consumption_departments.consumption_id
HAVING sum(consumption_departments.share) <> 1
ORDER BY consumption_departments.consumption_id;
