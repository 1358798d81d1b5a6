-- Units booked on open lots: approved or scheduled requests, laid on the lots that will be drawn for them.
--
-- A request goes to the lots of its contract and unit that are open on the day it is scheduled for (or on as_of), the
-- first to end first, as far as they hold. What an approved request will draw is known use to come.
--
-- Grain:   one row per lot with units booked
-- Order:   lot_id
-- Reads:   lot_balance, lots, open_requests
-- Rules:   R2.1, R2.2
-- Columns:
--   lot_id       VARCHAR        the lot
--   contract_id  VARCHAR        its contract
--   quantity     DECIMAL(18,4)  units booked on it
CREATE OR REPLACE MACRO bookings(as_of DATE) AS TABLE
WITH booked AS (
    SELECT
        open_requests.contract_id,
        open_requests.unit,
        open_requests.service_type,
        coalesce(open_requests.scheduled_for, as_of) AS on_date,
        sum(open_requests.quantity) AS quantity
    FROM open_requests(as_of) AS open_requests
    WHERE open_requests.status IN ('approved', 'scheduled')
    GROUP BY
        open_requests.contract_id,
        open_requests.unit,
        open_requests.service_type,
        coalesce(open_requests.scheduled_for, as_of)
),

offered AS (
    SELECT
        lot_balance.lot_id,
        lot_balance.contract_id,
        lot_balance.remaining_quantity,
        booked.quantity,
        sum(lot_balance.remaining_quantity) OVER (
            PARTITION BY booked.contract_id, booked.unit, booked.service_type, booked.on_date
            ORDER BY lot_balance.usable_until NULLS LAST, lot_balance.valid_from, lot_balance.lot_id
        ) - lot_balance.remaining_quantity AS held_before
    FROM booked
    INNER JOIN lot_balance(as_of) AS lot_balance
        ON booked.contract_id = lot_balance.contract_id AND booked.unit = lot_balance.unit
    INNER JOIN lots ON lot_balance.lot_id = lots.lot_id
    WHERE
        lot_balance.status IN ('open', 'grace')
        AND (lot_balance.usable_until IS NULL OR lot_balance.usable_until >= booked.on_date)
        AND (lots.scope = 'any' OR list_contains(string_split(lots.scope, '|'), booked.service_type))
)

SELECT
    offered.lot_id,
    any_value(offered.contract_id) AS contract_id,
    CAST(
        least(
            any_value(offered.remaining_quantity),
            sum(greatest(0, least(offered.remaining_quantity, offered.quantity - offered.held_before)))
        ) AS DECIMAL(18, 4)
    ) AS quantity
FROM offered
GROUP BY offered.lot_id
HAVING sum(greatest(0, least(offered.remaining_quantity, offered.quantity - offered.held_before))) > 0;
