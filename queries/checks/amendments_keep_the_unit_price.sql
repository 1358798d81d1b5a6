-- An amendment adds or takes back units at the lot's own unit price; the figures rest on that (R7.7).
SELECT
    amendments.amendment_id,
    amendments.lot_id,
    amendments.quantity,
    amendments.amount,
    lots.quantity AS lot_quantity,
    lots.amount AS lot_amount
FROM amendments
INNER JOIN lots ON amendments.lot_id = lots.lot_id
WHERE mills(amendments.amount) * units(lots.quantity) <> mills(lots.amount) * units(amendments.quantity)
ORDER BY amendments.amendment_id;
