-- No contract's units are lost or counted twice: what its lots granted was drawn, has lapsed or is still there, and
-- nothing is drawn or lapsed that was not granted (R2.2, R13.3). The purchases and amendments are counted afresh from
-- the source tables, so that a lot the draws forgot shows up. Amendments that take back units may take less than they
-- say, never more.
WITH bought AS (
    SELECT
        lots.contract_id,
        lots.lot_id,
        lots.quantity + coalesce(sum(amendments.quantity) FILTER (WHERE amendments.kind = 'add_units'), 0) AS at_most,
        at_most - coalesce(sum(amendments.quantity) FILTER (WHERE amendments.kind = 'remove_units'), 0) AS at_least
    FROM lots
    LEFT JOIN amendments ON lots.lot_id = amendments.lot_id
    GROUP BY lots.contract_id, lots.lot_id, lots.quantity
),

moved AS (
    SELECT
        lot_balance.lot_id,
        lot_balance.granted_quantity,
        lot_balance.drawn_quantity,
        lot_balance.lapsed_quantity,
        lot_balance.remaining_quantity
    FROM lot_balance(DATE '9999-12-31') AS lot_balance
)

SELECT
    bought.contract_id,
    bought.lot_id,
    bought.at_least,
    bought.at_most,
    moved.granted_quantity,
    moved.drawn_quantity,
    moved.lapsed_quantity,
    moved.remaining_quantity
FROM bought
LEFT JOIN moved ON bought.lot_id = moved.lot_id
WHERE
    moved.lot_id IS NULL
    OR moved.granted_quantity NOT BETWEEN bought.at_least AND bought.at_most
    OR moved.granted_quantity <> moved.drawn_quantity + moved.lapsed_quantity + moved.remaining_quantity
    OR least(moved.drawn_quantity, moved.lapsed_quantity, moved.remaining_quantity) < 0
ORDER BY bought.lot_id;
