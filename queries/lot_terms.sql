-- Every lot with its contract, client and the day its units can last be used, once every amendment is known.
--
-- Grain:   one row per lot
-- Order:   lot_id
-- Reads:   accounts, contracts, currencies, lot_ends, lot_prices, lots
-- Rules:   R1.2, R1.3, R7.1, R7.6
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
    lot_prices.amount,
    lots.valid_from,
    lot_ends.expires_on,
    lot_ends.usable_until
FROM lots
INNER JOIN lot_prices ON lots.lot_id = lot_prices.lot_id
INNER JOIN lot_ends ON lots.lot_id = lot_ends.lot_id
INNER JOIN contracts ON lots.contract_id = contracts.contract_id
INNER JOIN accounts ON contracts.account_id = accounts.account_id
INNER JOIN currencies ON contracts.currency = currencies.currency;
