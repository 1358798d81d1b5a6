-- Revenue to date of every lot under policy 1, ratable: amount x elapsed / term, whether used or not.
--
-- Cumulative and rounded once per lot, so that the difference of two boundaries is a period's revenue to the cent.
-- Grants of one lot have terms of different length: their fractions are added over a common denominator first.
--
-- Grain:   one row per lot and boundary from its first grant on
-- Order:   lot_id, boundary
-- Reads:   lot_terms, ratable_progress
-- Rules:   R3.1, R3.2, R3.3, R10.1, R10.2
-- Columns:
--   lot_id       VARCHAR        the lot
--   contract_id  VARCHAR        its contract
--   currency     VARCHAR        currency of the amount
--   boundary     DATE           closing day
--   ratable      DECIMAL(18,3)  recognised by the close of boundary
CREATE OR REPLACE MACRO revenue_ratable(boundaries DATE[]) AS TABLE
WITH collected AS (
    SELECT
        ratable_progress.lot_id,
        ratable_progress.boundary,
        list({
            'granted': units(ratable_progress.granted),
            'done': ratable_progress.done,
            'whole': ratable_progress.whole
        }) AS parts
    FROM ratable_progress(boundaries) AS ratable_progress
    GROUP BY ratable_progress.lot_id, ratable_progress.boundary
),

summed AS (
    SELECT
        collected.lot_id,
        collected.boundary,
        list_reduce(
            list_transform(collected.parts, lambda part: part.whole), lambda one, other: lcm(one, other)
        ) AS common_whole,
        list_sum(
            list_transform(collected.parts, lambda part: part.granted * part.done * (common_whole // part.whole))
        ) AS units_done
    FROM collected
)

SELECT
    lot_terms.lot_id,
    lot_terms.contract_id,
    lot_terms.currency,
    summed.boundary,
    rounded_money(
        mills(lot_terms.amount) * summed.units_done,
        units(lot_terms.quantity) * summed.common_whole,
        lot_terms.minor_unit
    ) AS ratable
FROM summed
INNER JOIN lot_terms() AS lot_terms ON summed.lot_id = lot_terms.lot_id;
