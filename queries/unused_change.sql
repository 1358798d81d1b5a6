-- Why the forecast of what open lots leave unused moved between two days, lot by lot added up to causes.
--
-- `new` lots were not open before; `ended` ones no longer are, and what they left has lapsed. Of a lot open on both days
-- with other terms all of the move is due to its `amendment`; else what it would be had nothing been delivered since is
-- `time`, and the rest is `use`. The causes add up to the whole move.
--
-- Grain:   one row per currency and cause
-- Order:   currency, cause
-- Reads:   currencies, forecast_changes, lot_terms
-- Rules:   R1.5, R7.1, R11.3
-- Columns:
--   currency   VARCHAR        currency of the amounts
--   cause      VARCHAR        new, ended, amendment, time or use
--   lot_count  BIGINT         lots it moved
--   amount     DECIMAL(18,3)  change of the forecast unused
CREATE OR REPLACE MACRO unused_change(as_of DATE, earlier DATE) AS TABLE
SELECT
    lot_terms.currency,
    forecast_changes.cause,
    count(*) AS lot_count,
    estimated_money(
        sum(forecast_changes.quantity * CAST(lot_terms.amount AS DOUBLE) / CAST(lot_terms.quantity AS DOUBLE)),
        any_value(currencies.minor_unit)
    ) AS amount
FROM forecast_changes
INNER JOIN lot_terms ON forecast_changes.lot_id = lot_terms.lot_id
INNER JOIN currencies ON lot_terms.currency = currencies.currency
WHERE forecast_changes.to_day = as_of AND forecast_changes.from_day = earlier AND forecast_changes.quantity <> 0
GROUP BY lot_terms.currency, forecast_changes.cause;
