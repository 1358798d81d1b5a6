-- Open lots whose last usable day comes within a number of days, with what they still hold.
--
-- Grain:   one row per lot that ends after as_of and within the days
-- Order:   usable_until, lot_id
-- Reads:   lot_balance
-- Rules:   R1.2, R1.3
-- Columns:
--   lot_id              VARCHAR        the lot
--   contract_id         VARCHAR        its contract
--   account_name        VARCHAR        the client's name
--   owner               VARCHAR        who sees the budget through
--   service             VARCHAR        the service line it was sold as
--   usable_until        DATE           last usable day, carry-over included
--   days_left           BIGINT         days of use after as_of
--   unit                VARCHAR        unit of remaining_quantity
--   remaining_quantity  DECIMAL(18,4)  units left
--   currency            VARCHAR        currency of remaining_amount
--   remaining_amount    DECIMAL(18,3)  their price
CREATE OR REPLACE MACRO expiring_lots(as_of DATE, within_days INTEGER) AS TABLE
SELECT
    lot_balance.lot_id,
    lot_balance.contract_id,
    lot_balance.account_name,
    lot_balance.owner,
    lot_balance.service,
    lot_balance.usable_until,
    lot_balance.usable_until - as_of AS days_left,
    lot_balance.unit,
    lot_balance.remaining_quantity,
    lot_balance.currency,
    lot_balance.remaining_amount
FROM lot_balance(as_of) AS lot_balance
WHERE
    lot_balance.status IN ('open', 'grace')
    AND lot_balance.usable_until > as_of
    AND lot_balance.usable_until <= as_of + within_days;
