-- The recorded breakage estimate in force for every lot, from each day on which one takes effect.
--
-- The most specific estimate in force wins: the lot's own, then its contract's, then the portfolio's.
--
-- Grain:   one row per lot and day an estimate that covers it takes effect
-- Order:   lot_id, effective_on
-- Reads:   breakage_estimates, lots
-- Rules:   R5.2, R5.8
-- Columns:
--   lot_id        VARCHAR         the lot
--   contract_id   VARCHAR         its contract
--   effective_on  DATE            first day of the rate
--   rate          DECIMAL(18,12)  share of the lot's units expected never to be used
--   estimate_id   VARCHAR         the estimate it comes from
CREATE OR REPLACE MACRO lot_estimates() AS TABLE
WITH covering AS (
    SELECT
        lots.lot_id,
        lots.contract_id,
        breakage_estimates.effective_on,
        breakage_estimates.rate,
        breakage_estimates.estimate_id,
        CASE
            WHEN breakage_estimates.lot_id IS NOT NULL THEN 3
            WHEN breakage_estimates.contract_id IS NOT NULL THEN 2
            ELSE 1
        END AS specificity
    FROM lots
    INNER JOIN breakage_estimates
        ON
            lots.lot_id = coalesce(breakage_estimates.lot_id, lots.lot_id)
            AND lots.contract_id = coalesce(breakage_estimates.contract_id, lots.contract_id)
),

days AS (
    SELECT DISTINCT
        covering.lot_id,
        covering.effective_on
    FROM covering
)

SELECT
    days.lot_id,
    covering.contract_id,
    days.effective_on,
    covering.rate,
    covering.estimate_id
FROM days
INNER JOIN covering ON days.lot_id = covering.lot_id AND covering.effective_on <= days.effective_on
QUALIFY
    row_number() OVER (
        PARTITION BY days.lot_id, days.effective_on
        ORDER BY covering.specificity DESC, covering.effective_on DESC, covering.estimate_id DESC
    ) = 1;
