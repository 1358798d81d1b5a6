-- Once all lots have closed, every policy has recognised exactly the price of the units granted (R4.2, R13.2, R13.5).
-- Lots that never expire have no such day and are left out.
SELECT
    lot_balance.lot_id,
    lot_balance.granted_amount,
    revenue_ratable.ratable,
    revenue_on_delivery.delivery + revenue_on_delivery.breakage AS on_delivery
FROM lot_balance(DATE '9999-12-31') AS lot_balance
LEFT JOIN revenue_ratable([DATE '9999-12-31']) AS revenue_ratable ON lot_balance.lot_id = revenue_ratable.lot_id
LEFT JOIN revenue_on_delivery([DATE '9999-12-31']) AS revenue_on_delivery
    ON lot_balance.lot_id = revenue_on_delivery.lot_id
WHERE
    lot_balance.usable_until IS NOT NULL
    AND (
        lot_balance.granted_amount IS DISTINCT FROM revenue_ratable.ratable
        OR lot_balance.granted_amount IS DISTINCT FROM revenue_on_delivery.delivery + revenue_on_delivery.breakage
    )
ORDER BY lot_balance.lot_id;
