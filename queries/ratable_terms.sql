-- The spans of the ratable policy with what a period needs of them: the weights of monthly terms and how the lot is
-- booked. Kept, so that a large book is not joined anew for every question.
--
-- Grain:   one row per lot, layer and span
-- Order:   lot_id, layer_id, starts_on
-- Reads:   instalments, lot_policies, ratable_spans
-- Rules:   R3.3
-- Columns:
--   lot_id           VARCHAR   the lot
--   layer_id         VARCHAR   the lot, or the transfer its units came by
--   contract_id      VARCHAR   its contract
--   currency         VARCHAR   currency of the amounts
--   minor_unit       HUGEINT   smallest bookable amount of the currency, in thousandths
--   is_booked        BOOLEAN   whether ratable is the policy the lot is booked under
--   starts_on        DATE      first day of the span
--   ends_on          DATE      last day it spreads over
--   before           DATE      first day of the next span; empty = there is none
--   base             HUGEINT   recognised before the span, times denominator
--   spread           HUGEINT   spread over it, times denominator
--   adjustment       HUGEINT   adjusted by its first day, times denominator
--   denominator      HUGEINT   of the three
--   weights_to_date  BIGINT[]  weight of the instalments up to each month's; empty = by day
CREATE OR REPLACE MACRO ratable_terms() AS TABLE
SELECT
    ratable_spans.lot_id,
    ratable_spans.layer_id,
    ratable_spans.contract_id,
    ratable_spans.currency,
    ratable_spans.minor_unit,
    lot_policies.policy = 'ratable' AS is_booked,
    ratable_spans.starts_on,
    ratable_spans.ends_on,
    ratable_spans.before,
    ratable_spans.base,
    ratable_spans.spread,
    ratable_spans.adjustment,
    ratable_spans.denominator,
    instalments.weights_to_date
FROM ratable_spans
INNER JOIN lot_policies ON ratable_spans.lot_id = lot_policies.lot_id
LEFT JOIN instalments
    ON
        ratable_spans.convention = instalments.convention
        AND ratable_spans.starts_on = instalments.starts_on
        AND ratable_spans.ends_on = instalments.ends_on;
