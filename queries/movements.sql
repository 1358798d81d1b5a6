-- The ledger every figure of units rests on: what was granted, drawn, lapsed or went beyond the lots, and its worth.
--
-- Units are worth what the lot carries for them (R4.1); amendments may move it (queries/valuation.py). A lot's worth is
-- rounded once, on what is gone of it, so granted = drawn + lapsed + revalued + waived + remaining holds in money too. It runs to
-- the last lapse as if nothing more were delivered; a figure takes what happened by its own day.
--
-- Grain:   one row per grant, draw, lapse, part beyond the lots, or change of what units are worth
-- Order:   movement_no
-- Reads:   lot_terms, unit_ledger, walked_contracts, walked_values
-- Rules:   R2.1, R2.4, R4.1, R4.5, R7.1, R7.2, R7.7, R9.1, R10.1
-- Columns:
--   movement_no  BIGINT         chronological within a lot
--   contract_id  VARCHAR        the contract
--   lot_id       VARCHAR        the lot; empty for overage
--   event_id     VARCHAR        the delivery or amendment; empty for a purchase or a lapse in time
--   moved_on     DATE           the day
--   kind         VARCHAR        grant, draw, overage, lapse, revalue (price of units gone) or waive (given up at the end)
--   quantity     DECIMAL(18,4)  units; negative = taken back
--   amount       DECIMAL(18,3)  their worth at the lot's price; nil for overage
CREATE OR REPLACE MACRO movements() AS TABLE
WITH steady AS (
    SELECT
        unit_ledger.movement_no,
        unit_ledger.kind,
        CASE unit_ledger.kind
            WHEN 'grant' THEN lot_terms.amount
            ELSE
                price_of_units(
                    lot_terms.amount, lot_terms.quantity, sum(unit_ledger.gone) OVER so_far, lot_terms.minor_unit
                )
                - price_of_units(
                    lot_terms.amount,
                    lot_terms.quantity,
                    sum(unit_ledger.gone) OVER so_far - unit_ledger.gone,
                    lot_terms.minor_unit
                )
        END AS amount
    FROM unit_ledger
    INNER JOIN lot_terms ON unit_ledger.lot_id = lot_terms.lot_id
    ANTI JOIN walked_contracts ON unit_ledger.contract_id = walked_contracts.contract_id
    WINDOW so_far AS (PARTITION BY unit_ledger.lot_id ORDER BY unit_ledger.movement_no)
),

worth AS (
    FROM steady
    UNION ALL BY NAME
    SELECT
        walked_values.movement_no,
        walked_values.kind,
        walked_values.amount
    FROM walked_values
    WHERE walked_values.movement_no IS NOT NULL
),

unitless AS (
    SELECT
        walked_values.contract_id,
        walked_values.lot_id,
        walked_values.event_id,
        walked_values.moved_on,
        walked_values.kind,
        walked_values.amount,
        row_number() OVER (ORDER BY walked_values.moved_on, walked_values.event_id, walked_values.lot_id, walked_values.kind)
            AS place
    FROM walked_values
    WHERE walked_values.movement_no IS NULL AND walked_values.amount <> 0
)

SELECT
    unit_ledger.movement_no,
    unit_ledger.contract_id,
    unit_ledger.lot_id,
    unit_ledger.event_id,
    unit_ledger.moved_on,
    coalesce(worth.kind, unit_ledger.kind) AS kind,
    unit_ledger.quantity,
    CAST(coalesce(worth.amount, 0) AS DECIMAL(18, 3)) AS amount
FROM unit_ledger
LEFT JOIN worth ON unit_ledger.movement_no = worth.movement_no
WHERE unit_ledger.quantity <> 0 OR worth.amount <> 0
UNION ALL
SELECT
    (SELECT max(unit_ledger.movement_no) FROM unit_ledger) + unitless.place AS movement_no,
    unitless.contract_id,
    unitless.lot_id,
    unitless.event_id,
    unitless.moved_on,
    unitless.kind,
    CAST(0 AS DECIMAL(18, 4)) AS quantity,
    unitless.amount
FROM unitless;
