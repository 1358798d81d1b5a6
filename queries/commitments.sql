-- What is booked against what each contract holds: approved and scheduled work beside the units it can draw.
--
-- Over are the booked units that no lot would cover if all booked work were delivered on its day. Units can be over
-- while others are left: work out of the scope or beyond the term of the lots is covered by none of them, nor is work
-- after a stated term by what lapses at its end. Requests that wait for approval come last and make nothing
-- over-committed. A snapshot knows a request's present status and no
-- earlier one: ask about the day of the snapshot, or open the snapshot of the day.
--
-- Grain:   one row per contract and unit with work in flight
-- Order:   contract_id, unit
-- Reads:   accounts, contracts, request_cover, usable_lots
-- Rules:   R2.1, R2.2, R7.4, R9.1
-- Columns:
--   contract_id            VARCHAR        the contract
--   account_id             VARCHAR        the client
--   account_name           VARCHAR        the client's name
--   owner                  VARCHAR        who sees the budget through
--   unit                   VARCHAR        unit of the quantities; units are never added
--   usable_quantity        DECIMAL(18,4)  units left in lots open or in grace
--   upcoming_quantity      DECIMAL(18,4)  units of lots bought and not yet begun
--   usable_until           DATE           last usable day of the last of these lots; empty = no lot, or it never ends
--   request_count          BIGINT         requests in flight
--   requested_quantity     DECIMAL(18,4)  units that wait for approval
--   approved_quantity      DECIMAL(18,4)  units approved, not yet scheduled
--   scheduled_quantity     DECIMAL(18,4)  units scheduled, not yet delivered
--   booked_quantity        DECIMAL(18,4)  approved and scheduled
--   left_quantity          DECIMAL(18,4)  usable and upcoming less booked; negative = more is booked than there is
--   over_quantity          DECIMAL(18,4)  of the booked, units no lot will cover
--   late_quantity          DECIMAL(18,4)  of these, scheduled after the last usable day of every lot that takes them
--   early_quantity         DECIMAL(18,4)  of these, scheduled before the first usable day of a lot that takes them
--   out_of_scope_quantity  DECIMAL(18,4)  of these, for a service no lot takes
--   is_over_committed      BOOLEAN        whether any units are over
--   unapproved_quantity    DECIMAL(18,4)  of those that wait for approval, units nothing will be left for
CREATE OR REPLACE MACRO commitments(as_of DATE) AS TABLE
WITH held AS (
    SELECT
        usable_lots.contract_id,
        usable_lots.unit,
        coalesce(sum(usable_lots.quantity) FILTER (WHERE NOT usable_lots.is_upcoming), 0) AS usable,
        coalesce(sum(usable_lots.quantity) FILTER (WHERE usable_lots.is_upcoming), 0) AS upcoming,
        CASE WHEN count(usable_lots.usable_until) = count(*) THEN max(usable_lots.usable_until) END AS usable_until
    FROM usable_lots(as_of) AS usable_lots
    GROUP BY usable_lots.contract_id, usable_lots.unit
),

in_flight AS (
    SELECT
        request_cover.contract_id,
        request_cover.unit,
        request_cover.status,
        request_cover.cover,
        request_cover.status <> 'requested' AS is_booked,
        request_cover.open_quantity,
        request_cover.short_quantity
    FROM request_cover(as_of) AS request_cover
),

added_up AS (
    SELECT
        in_flight.contract_id,
        in_flight.unit,
        count(*) AS request_count,
        coalesce(sum(in_flight.open_quantity) FILTER (WHERE NOT in_flight.is_booked), 0) AS requested,
        coalesce(sum(in_flight.open_quantity) FILTER (WHERE in_flight.status = 'approved'), 0) AS approved,
        coalesce(sum(in_flight.open_quantity) FILTER (WHERE in_flight.status = 'scheduled'), 0) AS scheduled,
        coalesce(sum(in_flight.short_quantity) FILTER (WHERE in_flight.is_booked), 0) AS over,
        coalesce(sum(in_flight.short_quantity) FILTER (WHERE in_flight.is_booked AND in_flight.cover = 'too late'), 0)
            AS late,
        coalesce(sum(in_flight.short_quantity) FILTER (WHERE in_flight.is_booked AND in_flight.cover = 'too early'), 0)
            AS early,
        coalesce(
            sum(in_flight.short_quantity) FILTER (WHERE in_flight.is_booked AND in_flight.cover = 'out of scope'), 0
        ) AS out_of_scope,
        coalesce(sum(in_flight.short_quantity) FILTER (WHERE NOT in_flight.is_booked), 0) AS unapproved
    FROM in_flight
    GROUP BY in_flight.contract_id, in_flight.unit
)

SELECT
    added_up.contract_id,
    contracts.account_id,
    accounts.name AS account_name,
    contracts.owner,
    added_up.unit,
    CAST(coalesce(held.usable, 0) AS DECIMAL(18, 4)) AS usable_quantity,
    CAST(coalesce(held.upcoming, 0) AS DECIMAL(18, 4)) AS upcoming_quantity,
    held.usable_until,
    added_up.request_count,
    CAST(added_up.requested AS DECIMAL(18, 4)) AS requested_quantity,
    CAST(added_up.approved AS DECIMAL(18, 4)) AS approved_quantity,
    CAST(added_up.scheduled AS DECIMAL(18, 4)) AS scheduled_quantity,
    CAST(approved_quantity + scheduled_quantity AS DECIMAL(18, 4)) AS booked_quantity,
    CAST(usable_quantity + upcoming_quantity - booked_quantity AS DECIMAL(18, 4)) AS left_quantity,
    CAST(added_up.over AS DECIMAL(18, 4)) AS over_quantity,
    CAST(added_up.late AS DECIMAL(18, 4)) AS late_quantity,
    CAST(added_up.early AS DECIMAL(18, 4)) AS early_quantity,
    CAST(added_up.out_of_scope AS DECIMAL(18, 4)) AS out_of_scope_quantity,
    added_up.over > 0 AS is_over_committed,
    CAST(added_up.unapproved AS DECIMAL(18, 4)) AS unapproved_quantity
FROM added_up
INNER JOIN contracts ON added_up.contract_id = contracts.contract_id
INNER JOIN accounts ON contracts.account_id = accounts.account_id
LEFT JOIN held ON added_up.contract_id = held.contract_id AND added_up.unit = held.unit;
