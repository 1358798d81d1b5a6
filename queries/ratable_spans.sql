-- The terms over which the ratable policy spreads every lot's price; an amendment ends one and begins the next.
--
-- Within a span, revenue to date is base + spread x (time passed / whole time). Amounts are exact: integers over one
-- denominator, in thousandths of the currency. Grace is no part of the term. A lot without an end takes its contract's.
--
-- Grain:   one row per lot, layer and span; a lot without any end has none
-- Order:   lot_id, layer_id, starts_on
-- Reads:   contracts, lot_policies, lot_terms, walked_contracts, walked_spans
-- Rules:   R3.1, R3.2, R3.5, R7.1, R7.2, R7.5, R7.6, R7.7
-- Columns:
--   lot_id       VARCHAR  the lot
--   layer_id     VARCHAR  the lot, or the transfer its units came by
--   contract_id  VARCHAR  its contract
--   currency     VARCHAR  currency of the amounts
--   minor_unit   HUGEINT  smallest bookable amount of the currency, in thousandths
--   convention   VARCHAR  daily, month_even, month_half or month_actual
--   starts_on    DATE     first day of the span
--   ends_on      DATE     last day it spreads over
--   before       DATE     first day of the next span; empty = there is none
--   base         HUGEINT  recognised before the span, times denominator
--   spread       HUGEINT  spread over it, times denominator
--   adjustment   HUGEINT  adjusted by its first day, times denominator
--   denominator  HUGEINT  of the three
CREATE OR REPLACE MACRO ratable_spans() AS TABLE
SELECT
    lot_terms.lot_id,
    lot_terms.lot_id AS layer_id,
    lot_terms.contract_id,
    lot_terms.currency,
    lot_terms.minor_unit,
    lot_policies.convention,
    lot_terms.valid_from AS starts_on,
    greatest(coalesce(lot_terms.expires_on, contracts.ends_on), lot_terms.valid_from) AS ends_on,
    CAST(NULL AS DATE) AS before,
    CAST(0 AS HUGEINT) AS base,
    mills(lot_terms.amount) AS spread,
    CAST(0 AS HUGEINT) AS adjustment,
    CAST(1 AS HUGEINT) AS denominator
FROM lot_terms
INNER JOIN lot_policies ON lot_terms.lot_id = lot_policies.lot_id
INNER JOIN contracts ON lot_terms.contract_id = contracts.contract_id
ANTI JOIN walked_contracts ON lot_terms.contract_id = walked_contracts.contract_id
WHERE coalesce(lot_terms.expires_on, contracts.ends_on) IS NOT NULL
UNION ALL
SELECT
    walked_spans.lot_id,
    walked_spans.layer_id,
    walked_spans.contract_id,
    lot_terms.currency,
    lot_terms.minor_unit,
    walked_spans.convention,
    walked_spans.starts_on,
    walked_spans.ends_on,
    lead(walked_spans.starts_on) OVER (
        PARTITION BY walked_spans.lot_id, walked_spans.layer_id ORDER BY walked_spans.starts_on
    ) AS before,
    walked_spans.base,
    walked_spans.spread,
    walked_spans.adjustment,
    walked_spans.denominator
FROM walked_spans
INNER JOIN lot_terms ON walked_spans.lot_id = lot_terms.lot_id;
