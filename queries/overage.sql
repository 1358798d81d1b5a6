-- What was delivered beyond the lots: billable at the agreed rate, or unpriced where none is agreed.
--
-- Grain:   one row per delivery that exceeded the lots, or reversal of one
-- Order:   movement_no
-- Reads:   consumption, contracts, currencies, movements, rate_card
-- Rules:   R9.1, R9.2, R9.3, R10.2
-- Columns:
--   movement_no     BIGINT         place in the unit ledger
--   consumption_id  VARCHAR        the delivery
--   contract_id     VARCHAR        its contract
--   currency        VARCHAR        currency of revenue
--   service_date    DATE           day of delivery
--   service_type    VARCHAR        what was delivered
--   unit            VARCHAR        unit of quantity
--   quantity        DECIMAL(18,4)  units no lot covers; negative = taken back
--   status          VARCHAR        billable (a rate is agreed) or unpriced
--   revenue         DECIMAL(18,3)  quantity x rate, nil where unpriced
CREATE OR REPLACE MACRO overage() AS TABLE
SELECT
    movements.movement_no,
    consumption.consumption_id,
    consumption.contract_id,
    contracts.currency,
    consumption.service_date,
    consumption.service_type,
    consumption.unit,
    movements.quantity,
    CASE WHEN rate_card.overage_rate IS NULL THEN 'unpriced' ELSE 'billable' END AS status,
    coalesce(
        rounded_money(
            millionths(rate_card.overage_rate) * units(movements.quantity), 10000 * 1000, currencies.minor_unit
        ),
        0
    ) AS revenue
FROM movements
INNER JOIN consumption ON movements.event_id = consumption.consumption_id
INNER JOIN contracts ON consumption.contract_id = contracts.contract_id
INNER JOIN currencies ON contracts.currency = currencies.currency
LEFT JOIN rate_card
    ON consumption.contract_id = rate_card.contract_id AND consumption.service_type = rate_card.service_type
WHERE movements.kind = 'overage';
