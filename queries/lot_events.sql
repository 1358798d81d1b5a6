-- What happened to a lot besides use, and what is already booked on it: the marks on its burn-down.
--
-- A booked request (approved or scheduled) that request_cover finds units for stands with what is still to be delivered
-- on the first lot its contract can draw for it on its day, a lot not yet begun included. Without a day ahead that is as_of.
--
-- Grain:   one row per lot and amendment in effect by as_of, later lot of its contract and unit, or request booked on it
-- Order:   lot_id, on_date, kind, event_id
-- Reads:   amendments, contracts, lot_terms, lots, open_requests, request_cover, usable_lots
-- Rules:   R2.1, R2.2, R2.3, R7.1, R7.2, R7.5, R7.6, R7.7
-- Columns:
--   lot_id        VARCHAR        the lot
--   contract_id   VARCHAR        its contract
--   on_date       DATE           the day it counts from; of a request the day it is scheduled for
--   kind          VARCHAR        add_units, remove_units, transfer_in, transfer_out, extension, price_change, termination, further_lot or request
--   event_id      VARCHAR        the amendment, lot or request
--   unit          VARCHAR        unit of quantity
--   quantity      DECIMAL(18,4)  units moved, bought or still booked; empty where none are
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
        usable_lots.lot_id,
        greatest(coalesce(open_requests.scheduled_for, as_of), as_of) AS due_on,
        open_requests.request_id,
        request_cover.open_quantity,
        open_requests.title,
        row_number() OVER (
            PARTITION BY open_requests.request_id
            ORDER BY
                contracts.draw_order = 'current_term_first' AND coalesce(usable_lots.expires_on < due_on, FALSE),
                usable_lots.usable_until NULLS LAST,
                usable_lots.scope = 'any',
                len(string_split(usable_lots.scope, '|')),
                usable_lots.valid_from,
                usable_lots.lot_id
        ) AS place
    FROM request_cover(as_of) AS request_cover
    INNER JOIN open_requests(as_of) AS open_requests ON request_cover.request_id = open_requests.request_id
    INNER JOIN contracts ON request_cover.contract_id = contracts.contract_id
    INNER JOIN usable_lots(as_of) AS usable_lots
        ON request_cover.contract_id = usable_lots.contract_id AND request_cover.unit = usable_lots.unit
    WHERE
        request_cover.status IN ('approved', 'scheduled')
        AND request_cover.covered_quantity > 0
        AND due_on >= usable_lots.valid_from
        AND coalesce(due_on <= usable_lots.usable_until, TRUE)
        AND (
            usable_lots.scope = 'any'
            OR list_contains(string_split(usable_lots.scope, '|'), open_requests.service_type)
        )
),

happened AS (
    FROM amended
    UNION ALL BY NAME
    FROM further
    UNION ALL BY NAME
    SELECT
        placed.lot_id,
        placed.due_on AS on_date,
        'request' AS kind,
        placed.request_id AS event_id,
        placed.open_quantity AS quantity,
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
