-- What happened to a lot besides use, and what is already booked on it: the marks on its burn-down.
--
-- A booked request (approved or scheduled) is put on the lot that is drawn first on its day: of those of its contract and
-- unit that cover its service and are open then, the first to end. Without a day it stands on as_of.
--
-- Grain:   one row per lot and amendment in effect by as_of, later lot of its contract and unit, or request booked on it
-- Order:   lot_id, on_date, kind, event_id
-- Reads:   amendments, lot_balance, lot_terms, lots, open_requests
-- Rules:   R2.1, R2.2, R7.1, R7.2, R7.5, R7.6, R7.7
-- Columns:
--   lot_id        VARCHAR        the lot
--   contract_id   VARCHAR        its contract
--   on_date       DATE           the day it counts from; of a request the day it is scheduled for
--   kind          VARCHAR        add_units, remove_units, transfer_in, transfer_out, extension, price_change, termination, further_lot or request
--   event_id      VARCHAR        the amendment, lot or request
--   unit          VARCHAR        unit of quantity
--   quantity      DECIMAL(18,4)  units moved, bought or booked; empty where none are
--   new_end       DATE           the end it brings; empty where it brings none
--   other_lot_id  VARCHAR        the lot units come from or go to
--   title         VARCHAR        what was asked for; empty but for requests
CREATE OR REPLACE MACRO lot_events(as_of DATE) AS TABLE
WITH amended AS (
    SELECT
        amendments.lot_id,
        amendments.effective_on AS on_date,
        CASE amendments.kind WHEN 'transfer' THEN 'transfer_out' ELSE amendments.kind END AS kind,
        amendments.amendment_id AS event_id,
        amendments.quantity,
        amendments.new_expires_on AS new_end,
        amendments.to_lot_id AS other_lot_id
    FROM amendments
    WHERE amendments.effective_on <= as_of
    UNION ALL BY NAME
    SELECT
        amendments.to_lot_id AS lot_id,
        amendments.effective_on AS on_date,
        'transfer_in' AS kind,
        amendments.amendment_id AS event_id,
        amendments.quantity,
        amendments.lot_id AS other_lot_id
    FROM amendments
    WHERE amendments.kind = 'transfer' AND amendments.effective_on <= as_of
),

further AS (
    SELECT
        lot_terms.lot_id,
        later.valid_from AS on_date,
        'further_lot' AS kind,
        later.lot_id AS event_id,
        later.quantity,
        later.lot_id AS other_lot_id
    FROM lot_terms
    INNER JOIN lots AS later
        ON
            lot_terms.contract_id = later.contract_id
            AND lot_terms.unit = later.unit
            AND lot_terms.valid_from < later.valid_from
    WHERE
        later.valid_from <= as_of
        AND (lot_terms.usable_until IS NULL OR later.valid_from <= lot_terms.usable_until)
),

placed AS (
    SELECT
        lot_balance.lot_id,
        greatest(coalesce(open_requests.scheduled_for, as_of), as_of) AS on_date,
        open_requests.request_id,
        open_requests.quantity,
        open_requests.title,
        row_number() OVER (
            PARTITION BY open_requests.request_id
            ORDER BY lot_balance.usable_until NULLS LAST, lot_balance.valid_from, lot_balance.lot_id
        ) AS place
    FROM open_requests(as_of) AS open_requests
    INNER JOIN lot_balance(as_of) AS lot_balance
        ON open_requests.contract_id = lot_balance.contract_id AND open_requests.unit = lot_balance.unit
    INNER JOIN lots ON lot_balance.lot_id = lots.lot_id
    WHERE
        open_requests.status IN ('approved', 'scheduled')
        AND lot_balance.status IN ('open', 'grace')
        AND (lot_balance.usable_until IS NULL OR lot_balance.usable_until >= coalesce(open_requests.scheduled_for, as_of))
        AND (lots.scope = 'any' OR list_contains(string_split(lots.scope, '|'), open_requests.service_type))
),

happened AS (
    FROM amended
    UNION ALL BY NAME
    FROM further
    UNION ALL BY NAME
    SELECT
        placed.lot_id,
        placed.on_date,
        'request' AS kind,
        placed.request_id AS event_id,
        placed.quantity,
        placed.title
    FROM placed
    WHERE placed.place = 1
)

SELECT
    happened.lot_id,
    lots.contract_id,
    happened.on_date,
    happened.kind,
    happened.event_id,
    lots.unit,
    happened.quantity,
    happened.new_end,
    happened.other_lot_id,
    happened.title
FROM happened
INNER JOIN lots ON happened.lot_id = lots.lot_id;
