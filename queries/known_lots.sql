-- The lots with an end as they were known on a day: later amendments have not happened yet.
--
-- What forecasts compare: whoever asks, it is never narrowed. An extension or termination counts from the day it takes
-- effect; before that a lot ends on the day it was sold with.
--
-- Grain:   one row per lot that has begun by as_of and has an end
-- Order:   lot_id
-- Reads:   amendments, lot_terms, lots, movements
-- Rules:   R1.2, R1.3, R7.1, R7.4
-- Columns:
--   lot_id       VARCHAR        the lot
--   contract_id  VARCHAR        its contract
--   account_id   VARCHAR        the client
--   service      VARCHAR        the service line it was sold as
--   owner        VARCHAR        who sees the budget through
--   unit         VARCHAR        unit of quantity
--   quantity     DECIMAL(18,4)  units granted by as_of, less what lapsed at a carry-over cap while the lot runs on
--   valid_from   DATE           first usable day
--   expires_on   DATE           last usable day, carry-over included
CREATE OR REPLACE MACRO known_lots(as_of DATE) AS TABLE
WITH granted AS (
    SELECT
        movements.lot_id,
        sum(movements.quantity) FILTER (WHERE movements.kind = 'grant') AS quantity,
        coalesce(sum(movements.quantity) FILTER (WHERE movements.kind = 'lapse'), 0) AS lapsed
    FROM movements
    WHERE movements.kind IN ('grant', 'lapse') AND movements.moved_on <= as_of
    GROUP BY movements.lot_id
),

ends AS (
    SELECT
        amendments.lot_id,
        max_by(amendments.new_expires_on, amendments.effective_on) FILTER (
            WHERE amendments.effective_on <= as_of AND amendments.kind = 'extension'
        ) AS extended_to,
        bool_or(amendments.effective_on > as_of AND amendments.kind IN ('extension', 'termination')) AS will_move
    FROM amendments
    GROUP BY amendments.lot_id
),

known AS (
    SELECT
        lot_terms.lot_id,
        CASE
            WHEN ends.will_move THEN coalesce(greatest(ends.extended_to, lots.grace_until), lots.expires_on)
            ELSE lot_terms.usable_until
        END AS last_day
    FROM lot_terms
    INNER JOIN lots ON lot_terms.lot_id = lots.lot_id
    LEFT JOIN ends ON lot_terms.lot_id = ends.lot_id
)

SELECT
    lot_terms.lot_id,
    lot_terms.contract_id,
    lot_terms.account_id,
    lot_terms.service,
    lot_terms.owner,
    lot_terms.unit,
    CAST(granted.quantity - CASE WHEN known.last_day > as_of THEN granted.lapsed ELSE 0 END AS DECIMAL(18, 4))
        AS quantity,
    lot_terms.valid_from,
    known.last_day AS expires_on
FROM lot_terms
INNER JOIN known ON lot_terms.lot_id = known.lot_id
INNER JOIN granted ON lot_terms.lot_id = granted.lot_id
WHERE
    lot_terms.valid_from <= as_of
    AND granted.quantity - CASE WHEN known.last_day > as_of THEN granted.lapsed ELSE 0 END > 0
    AND known.last_day >= lot_terms.valid_from;
