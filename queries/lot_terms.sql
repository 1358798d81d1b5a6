-- Every lot with its contract, client and the day its units can last be used.
--
-- Grain:   one row per lot
-- Order:   lot_id
-- Reads:   accounts, contracts, currencies, lots
-- Rules:   R1.2, R1.3
-- Columns:
--   lot_id            VARCHAR         the lot
--   contract_id       VARCHAR         its contract
--   account_id        VARCHAR         the client
--   account_name      VARCHAR         the client's name
--   segment           VARCHAR         the client's segment, '(none)' where there is none
--   owner             VARCHAR         who sees the budget through
--   service           VARCHAR         the service line it was sold as
--   currency          VARCHAR         currency of amount
--   minor_unit        HUGEINT         smallest bookable amount of the currency, in thousandths
--   unit              VARCHAR         unit of quantity
--   quantity          DECIMAL(18,4)   units bought, before amendments
--   amount            DECIMAL(18,3)   their price, before amendments
--   valid_from        DATE            first usable day
--   expires_on        DATE            last day of the stated term; empty = never
--   usable_until      DATE            last usable day, carry-over included; empty = never ends
CREATE OR REPLACE MACRO lot_terms() AS TABLE
SELECT
    lots.lot_id,
    lots.contract_id,
    contracts.account_id,
    accounts.name AS account_name,
    coalesce(accounts.segment, '(none)') AS segment,
    contracts.owner,
    lots.service,
    contracts.currency,
    currencies.minor_unit,
    lots.unit,
    lots.quantity,
    lots.amount,
    lots.valid_from,
    lots.expires_on,
    coalesce(lots.grace_until, lots.expires_on) AS usable_until
FROM lots
INNER JOIN contracts USING (contract_id)
INNER JOIN accounts USING (account_id)
INNER JOIN currencies USING (currency);
