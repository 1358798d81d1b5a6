-- No unit is drawn outside its lot's validity, scope, unit or contract, or against a line's pin (R2.2). The last usable
-- day is taken from the source: the latest that the purchase or an amendment ever stated, and none after a termination.
WITH rights AS (
    SELECT
        lots.lot_id,
        any_value(coalesce(lots.grace_until, lots.expires_on, DATE '9999-12-31')) AS stated_until,
        max(greatest(amendments.new_expires_on, amendments.effective_on, lots.valid_from))
            FILTER (WHERE amendments.new_expires_on IS NOT NULL) AS amended_until,
        min(amendments.effective_on) FILTER (WHERE amendments.kind = 'termination') AS terminated_on
    FROM lots
    LEFT JOIN amendments ON lots.lot_id = amendments.lot_id
    GROUP BY lots.lot_id
)

SELECT
    movements.movement_no,
    movements.event_id AS consumption_id,
    movements.lot_id,
    movements.moved_on
FROM movements
INNER JOIN consumption ON movements.event_id = consumption.consumption_id
INNER JOIN lots ON movements.lot_id = lots.lot_id
INNER JOIN lot_terms ON movements.lot_id = lot_terms.lot_id
INNER JOIN rights ON movements.lot_id = rights.lot_id
WHERE
    movements.kind = 'draw'
    AND movements.quantity > 0
    AND (
        movements.moved_on < lots.valid_from
        OR movements.moved_on > lot_terms.usable_until
        OR movements.moved_on > greatest(rights.stated_until, rights.amended_until)
        OR movements.moved_on >= rights.terminated_on
        OR NOT (lots.scope = 'any' OR list_contains(string_split(lots.scope, '|'), consumption.service_type))
        OR lots.unit <> consumption.unit
        OR lots.contract_id <> consumption.contract_id
        OR lots.lot_id <> coalesce(consumption.lot_id, lots.lot_id)
    )
ORDER BY movements.movement_no;
