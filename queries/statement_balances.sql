-- What a client had, used and has left of every lot over a span of days; a statement is made of it.
--
-- Opening + bought + transferred in - transferred out + restored - used - lapsed = closing, which is the next span's
-- opening. What is left above a carry-over cap lapses before the rest does: its day, quantity and price are apart.
--
-- Grain:   one row per lot that held units, or moved any, from first_day to last_day
-- Order:   account_id, contract_id, usable_until, lot_id
-- Reads:   amendments, carry_over_caps, lot_terms, movements
-- Rules:   R1.2, R1.3, R2.1, R4.5, R4.6, R7.1, R7.2, R7.4, R7.6, R7.7
-- Columns:
--   lot_id                    VARCHAR        the lot
--   contract_id               VARCHAR        its contract
--   account_id                VARCHAR        the client
--   account_name              VARCHAR        the client's name
--   service                   VARCHAR        the service line it was sold as
--   currency                  VARCHAR        currency of closing_amount
--   unit                      VARCHAR        unit of the quantities
--   expires_on                DATE           last day of the stated term; empty = never
--   usable_until              DATE           last usable day, carry-over included; empty = never ends
--   opening_quantity          DECIMAL(18,4)  units left before first_day
--   bought_quantity           DECIMAL(18,4)  units bought or added, less those taken back
--   transferred_in_quantity   DECIMAL(18,4)  units moved here from another lot
--   transferred_out_quantity  DECIMAL(18,4)  units moved to another lot
--   restored_quantity         DECIMAL(18,4)  units an extension brought back after they had lapsed
--   used_quantity             DECIMAL(18,4)  units drawn, net of reversals
--   lapsed_quantity           DECIMAL(18,4)  units lapsed and not brought back by last_day
--   closing_quantity          DECIMAL(18,4)  units left at the close of last_day
--   closing_amount            DECIMAL(18,3)  their price
--   capped_on                 DATE           day at whose close units above the carry-over cap lapse; empty = none would
--   above_cap_quantity        DECIMAL(18,4)  of closing_quantity, units that lapse then unless they are used
--   above_cap_amount          DECIMAL(18,3)  their price
CREATE OR REPLACE MACRO statement_balances(first_day DATE, last_day DATE) AS TABLE
WITH moved AS (
    SELECT
        movements.lot_id,
        movements.moved_on < first_day AS is_before,
        CASE
            WHEN movements.kind <> 'grant' THEN movements.kind
            WHEN amendments.kind = 'transfer' AND movements.quantity > 0 THEN 'transfer in'
            WHEN amendments.kind = 'transfer' THEN 'transfer out'
            ELSE 'purchase'
        END AS kind,
        CASE WHEN movements.kind = 'grant' THEN movements.quantity ELSE -movements.quantity END AS change,
        CASE WHEN movements.kind = 'grant' THEN movements.amount ELSE -movements.amount END AS worth
    FROM movements
    LEFT JOIN amendments ON movements.event_id = amendments.amendment_id
    WHERE movements.lot_id IS NOT NULL AND movements.moved_on <= last_day
),

summed AS (
    SELECT
        moved.lot_id,
        coalesce(sum(moved.change) FILTER (WHERE moved.is_before), 0) AS opening,
        coalesce(sum(moved.change) FILTER (WHERE NOT moved.is_before AND moved.kind = 'purchase'), 0) AS bought,
        coalesce(sum(moved.change) FILTER (WHERE NOT moved.is_before AND moved.kind = 'transfer in'), 0) AS arrived,
        coalesce(-sum(moved.change) FILTER (WHERE NOT moved.is_before AND moved.kind = 'transfer out'), 0) AS departed,
        coalesce(-sum(moved.change) FILTER (WHERE NOT moved.is_before AND moved.kind = 'draw'), 0) AS used,
        coalesce(-sum(moved.change) FILTER (WHERE NOT moved.is_before AND moved.kind = 'lapse'), 0) AS lapsed,
        sum(moved.change) AS closing,
        sum(moved.worth) AS worth,
        count(*) FILTER (WHERE NOT moved.is_before AND moved.change <> 0) AS move_count
    FROM moved
    GROUP BY moved.lot_id
),

capped AS (
    SELECT
        summed.lot_id,
        carry_over_caps.capped_on,
        summed.closing - carry_over_caps.cap_quantity AS above_cap,
        price_of_units(summed.worth, nullif(summed.closing, 0), above_cap, lot_terms.minor_unit) AS worth
    FROM summed
    INNER JOIN carry_over_caps ON summed.lot_id = carry_over_caps.lot_id
    INNER JOIN lot_terms ON summed.lot_id = lot_terms.lot_id
    WHERE
        summed.closing > carry_over_caps.cap_quantity
        AND carry_over_caps.capped_on > last_day
        AND carry_over_caps.capped_on < lot_terms.usable_until
)

SELECT
    lot_terms.lot_id,
    lot_terms.contract_id,
    lot_terms.account_id,
    lot_terms.account_name,
    lot_terms.service,
    lot_terms.currency,
    lot_terms.unit,
    lot_terms.expires_on,
    lot_terms.usable_until,
    CAST(summed.opening AS DECIMAL(18, 4)) AS opening_quantity,
    CAST(summed.bought AS DECIMAL(18, 4)) AS bought_quantity,
    CAST(summed.arrived AS DECIMAL(18, 4)) AS transferred_in_quantity,
    CAST(summed.departed AS DECIMAL(18, 4)) AS transferred_out_quantity,
    CAST(greatest(-summed.lapsed, 0) AS DECIMAL(18, 4)) AS restored_quantity,
    CAST(summed.used AS DECIMAL(18, 4)) AS used_quantity,
    CAST(greatest(summed.lapsed, 0) AS DECIMAL(18, 4)) AS lapsed_quantity,
    CAST(summed.closing AS DECIMAL(18, 4)) AS closing_quantity,
    CAST(summed.worth AS DECIMAL(18, 3)) AS closing_amount,
    capped.capped_on,
    CAST(coalesce(capped.above_cap, 0) AS DECIMAL(18, 4)) AS above_cap_quantity,
    CAST(coalesce(capped.worth, 0) AS DECIMAL(18, 3)) AS above_cap_amount
FROM summed
INNER JOIN lot_terms ON summed.lot_id = lot_terms.lot_id
LEFT JOIN capped ON summed.lot_id = capped.lot_id
WHERE summed.opening <> 0 OR summed.closing <> 0 OR summed.move_count > 0;
