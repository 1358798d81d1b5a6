-- No unit is drawn outside its lot's validity, scope, unit or contract, or against a line's pin (R2.2).
SELECT
    movements.movement_no,
    movements.event_id AS consumption_id,
    movements.lot_id,
    movements.moved_on
FROM movements
INNER JOIN consumption ON movements.event_id = consumption.consumption_id
INNER JOIN lots ON movements.lot_id = lots.lot_id
WHERE
    movements.kind = 'draw'
    AND movements.quantity > 0
    AND (
        movements.moved_on < lots.valid_from
        OR movements.moved_on > coalesce(lots.grace_until, lots.expires_on, DATE '9999-12-31')
        OR NOT (lots.scope = 'any' OR list_contains(string_split(lots.scope, '|'), consumption.service_type))
        OR lots.unit <> consumption.unit
        OR lots.contract_id <> consumption.contract_id
        OR lots.lot_id <> coalesce(consumption.lot_id, lots.lot_id)
    )
ORDER BY movements.movement_no;
