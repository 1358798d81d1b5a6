-- Which work in flight is covered by what its contract holds: the requests not yet delivered, given to lots in turn.
--
-- First those booked (approved or scheduled): the ones with a day ahead in the order of their days, then those without,
-- then what still waits for approval. Each takes units from the lots of its contract and unit that take its service and
-- can be used on its day, in the order in which its contract draws them, lots bought and not yet begun included;
-- without a day ahead any day will do, in the order of as_of. What a lot holds above its carry-over cap is used first
-- and covers nothing after the stated term. A snapshot knows a request's present status and no earlier one: ask about
-- the day of the snapshot.
--
-- Grain:   one row per request that is requested, approved or scheduled
-- Order:   contract_id, unit, turn
-- Reads:   contracts, open_requests, request_deliveries, usable_lots
-- Rules:   R2.1, R2.2, R2.3, R7.4, R9.1
-- Columns:
--   request_id        VARCHAR        the request
--   contract_id       VARCHAR        the contract it will draw on
--   unit              VARCHAR        unit of the quantities
--   status            VARCHAR        requested, approved or scheduled
--   turn              BIGINT         its place among the requests of its contract and unit
--   open_quantity     DECIMAL(18,4)  units asked for and not yet delivered for it
--   covered_quantity  DECIMAL(18,4)  of these, units the lots hold for it
--   short_quantity    DECIMAL(18,4)  of these, units no lot will cover: delivered, they would be overage
--   cover             VARCHAR        covered, else over-committed, too late, too early, out of scope or nothing held
CREATE OR REPLACE MACRO request_cover(as_of DATE) AS TABLE
WITH asked AS (
    SELECT
        open_requests.request_id,
        open_requests.contract_id,
        open_requests.unit,
        open_requests.service_type,
        open_requests.status,
        CASE WHEN open_requests.scheduled_for > as_of THEN open_requests.scheduled_for END AS due_on,
        CAST(
            greatest(0, open_requests.quantity - greatest(0, coalesce(request_deliveries.delivered_quantity, 0)))
            AS DECIMAL(18, 4)
        ) AS quantity,
        row_number() OVER (
            PARTITION BY open_requests.contract_id, open_requests.unit
            ORDER BY
                open_requests.status = 'requested',
                due_on NULLS LAST,
                open_requests.requested_on,
                open_requests.request_id
        ) AS turn
    FROM open_requests(as_of) AS open_requests
    LEFT JOIN request_deliveries(as_of) AS request_deliveries
        ON open_requests.request_id = request_deliveries.request_id
),

-- Units that lapse at the close of a lot's stated term apart from those that live on.
holdings AS (
    SELECT
        usable_lots.lot_id,
        usable_lots.contract_id,
        usable_lots.unit,
        usable_lots.scope,
        usable_lots.valid_from,
        usable_lots.expires_on,
        usable_lots.usable_until,
        unnest(
            [
                {
                    'is_carried': FALSE,
                    'last_day': usable_lots.capped_on,
                    'held': units(usable_lots.quantity - usable_lots.carry_over_quantity)
                },
                {
                    'is_carried': TRUE,
                    'last_day': usable_lots.usable_until,
                    'held': units(usable_lots.carry_over_quantity)
                }
            ],
            recursive := TRUE
        )
    FROM usable_lots(as_of) AS usable_lots
),

offered AS (
    SELECT
        asked.request_id,
        asked.due_on,
        holdings.lot_id,
        holdings.is_carried,
        holdings.last_day,
        holdings.held,
        holdings.scope = 'any' OR list_contains(string_split(holdings.scope, '|'), asked.service_type) AS is_in_scope,
        is_in_scope
        AND coalesce(asked.due_on >= holdings.valid_from, TRUE)
        AND coalesce(asked.due_on <= holdings.last_day, TRUE) AS is_usable,
        contracts.draw_order = 'current_term_first'
        AND coalesce(holdings.expires_on < coalesce(asked.due_on, as_of), FALSE) AS is_drawn_last,
        row_number() OVER (
            PARTITION BY asked.request_id
            ORDER BY
                is_drawn_last,
                holdings.usable_until NULLS LAST,
                holdings.scope = 'any',
                len(string_split(holdings.scope, '|')),
                holdings.valid_from,
                holdings.lot_id,
                holdings.is_carried
        ) AS place
    FROM asked
    INNER JOIN contracts ON asked.contract_id = contracts.contract_id
    INNER JOIN holdings
        ON asked.contract_id = holdings.contract_id AND asked.unit = holdings.unit AND holdings.held > 0
),

-- The holdings of its contract and unit, and the places in which a request draws on those it can use.
choices AS (
    SELECT
        offered.request_id,
        list(offered.held ORDER BY offered.lot_id, offered.is_carried) AS held,
        list(CASE WHEN offered.is_usable THEN offered.place END ORDER BY offered.lot_id, offered.is_carried) AS places,
        CASE
            WHEN bool_or(offered.is_usable) THEN 'over-committed'
            WHEN NOT bool_or(offered.is_in_scope) THEN 'out of scope'
            WHEN bool_and(coalesce(offered.last_day < offered.due_on, FALSE)) FILTER (WHERE offered.is_in_scope)
                THEN 'too late'
            ELSE 'too early'
        END AS why_short
    FROM offered
    GROUP BY offered.request_id
),

-- What is held before the first request and after each: a holding gives what the request still wants once those before
-- it have given theirs.
worked_off AS (
    SELECT
        list(asked.request_id ORDER BY asked.turn) AS request_ids,
        list_reduce(
            list(
                {'wanted': units(asked.quantity), 'places': coalesce(choices.places, CAST([] AS BIGINT[]))}
                ORDER BY asked.turn
            ),
            LAMBDA held_after, request : list_append(
                held_after, left_after(held_after[-1], request.places, request.wanted)
            ),
            [coalesce(any_value(choices.held), CAST([] AS HUGEINT[]))]
        ) AS held_after
    FROM asked
    LEFT JOIN choices ON asked.request_id = choices.request_id
    GROUP BY asked.contract_id, asked.unit
),

covered AS (
    SELECT
        unnest(worked_off.request_ids) AS request_id,
        unnest(
            list_transform(
                worked_off.request_ids,
                LAMBDA request_id, turn :
                list_sum(worked_off.held_after[turn]) - list_sum(worked_off.held_after[turn + 1])
            )
        ) AS covered_units
    FROM worked_off
)

SELECT
    asked.request_id,
    asked.contract_id,
    asked.unit,
    asked.status,
    asked.turn,
    asked.quantity AS open_quantity,
    CAST(CAST(coalesce(covered.covered_units, 0) AS DECIMAL(30, 0)) * 0.0001 AS DECIMAL(18, 4)) AS covered_quantity,
    CAST(asked.quantity - covered_quantity AS DECIMAL(18, 4)) AS short_quantity,
    CASE WHEN short_quantity = 0 THEN 'covered' ELSE coalesce(choices.why_short, 'nothing held') END AS cover
FROM asked
INNER JOIN covered ON asked.request_id = covered.request_id
LEFT JOIN choices ON asked.request_id = choices.request_id;
