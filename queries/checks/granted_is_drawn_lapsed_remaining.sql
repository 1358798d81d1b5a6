-- No unit is lost or counted twice: what a lot was granted was drawn, has lapsed or is still there, nothing is drawn or
-- lapsed that was not there at the time, and nothing is left of a lot that has ended (R2.2, R7.1, R7.2, R7.6, R13.3).
-- Purchases and amendments are counted afresh from the source tables, so that a lot the draws forgot shows up.
-- Amendments that take back or move units may take less than they say, never more; what leaves a lot by a transfer
-- stays in the contract.
WITH amended AS (
    SELECT
        amendments.lot_id,
        sum(amendments.quantity) FILTER (WHERE amendments.kind = 'add_units') AS added,
        sum(amendments.quantity) FILTER (WHERE amendments.kind = 'remove_units') AS removed,
        sum(amendments.quantity) FILTER (WHERE amendments.kind = 'transfer') AS sent
    FROM amendments
    GROUP BY amendments.lot_id
),

received AS (
    SELECT
        amendments.to_lot_id AS lot_id,
        sum(amendments.quantity) AS quantity
    FROM amendments
    WHERE amendments.kind = 'transfer'
    GROUP BY amendments.to_lot_id
),

agreed AS (
    SELECT
        lots.contract_id,
        lots.lot_id,
        lots.quantity + coalesce(amended.added, 0) + coalesce(received.quantity, 0) AS at_most,
        lots.quantity + coalesce(amended.added - coalesce(amended.removed, 0), -amended.removed, 0) AS kept,
        kept - coalesce(amended.sent, 0) AS at_least,
        sum(at_most - coalesce(received.quantity, 0)) OVER by_contract AS contract_at_most,
        sum(kept) OVER by_contract AS contract_at_least
    FROM lots
    LEFT JOIN amended ON lots.lot_id = amended.lot_id
    LEFT JOIN received ON lots.lot_id = received.lot_id
    WINDOW by_contract AS (PARTITION BY lots.contract_id)
),

moved AS (
    SELECT
        movements.lot_id,
        movements.quantity * CASE movements.kind WHEN 'grant' THEN 1 ELSE -1 END AS change,
        sum(change) OVER (PARTITION BY movements.lot_id ORDER BY movements.movement_no) AS remaining
    FROM movements
    WHERE movements.kind IN ('grant', 'draw', 'lapse')
),

lowest AS (
    SELECT
        moved.lot_id,
        min(moved.remaining) AS quantity
    FROM moved
    GROUP BY moved.lot_id
),

balanced AS (
    SELECT
        lot_balance.contract_id,
        lot_balance.lot_id,
        lot_balance.usable_until,
        lot_balance.granted_quantity,
        lot_balance.drawn_quantity,
        lot_balance.lapsed_quantity,
        lot_balance.remaining_quantity,
        sum(lot_balance.granted_quantity) OVER (PARTITION BY lot_balance.contract_id) AS contract_granted
    FROM lot_balance(DATE '9999-12-31') AS lot_balance
)

SELECT
    agreed.contract_id,
    agreed.lot_id,
    agreed.at_least,
    agreed.at_most,
    balanced.granted_quantity,
    balanced.drawn_quantity,
    balanced.lapsed_quantity,
    balanced.remaining_quantity
FROM agreed
LEFT JOIN balanced ON agreed.lot_id = balanced.lot_id
LEFT JOIN lowest ON agreed.lot_id = lowest.lot_id
WHERE
    balanced.lot_id IS NULL
    OR balanced.granted_quantity NOT BETWEEN agreed.at_least AND agreed.at_most
    OR balanced.contract_granted NOT BETWEEN agreed.contract_at_least AND agreed.contract_at_most
    OR balanced.granted_quantity <> balanced.drawn_quantity + balanced.lapsed_quantity + balanced.remaining_quantity
    OR least(balanced.drawn_quantity, balanced.lapsed_quantity, lowest.quantity) < 0
    OR (balanced.usable_until IS NOT NULL AND balanced.remaining_quantity <> 0)
ORDER BY agreed.lot_id;
