-- The price of every lot: its own amount, or its share of the contract's transaction price.
--
-- Lots sold together without amounts of their own share what the transaction price leaves for them by relative
-- stand-alone price, to the smallest amount of the currency by largest remainder, ties by lot.
--
-- Grain:   one row per lot
-- Order:   lot_id
-- Reads:   contracts, currencies, lots
-- Rules:   R9.4, R10.2
-- Columns:
--   lot_id        VARCHAR        the lot
--   contract_id   VARCHAR        its contract
--   amount        DECIMAL(18,3)  its price before amendments
--   is_allocated  BOOLEAN        whether it is a share of the transaction price
CREATE OR REPLACE MACRO lot_prices() AS TABLE
WITH priced AS (
    SELECT
        lots.contract_id,
        sum(lots.amount) AS amount
    FROM lots
    GROUP BY lots.contract_id
),

bundled AS (
    SELECT
        lots.lot_id,
        lots.contract_id,
        currencies.minor_unit,
        units(lots.quantity) * millionths(lots.standalone_price) AS weight,
        sum(weight) OVER by_contract AS total_weight,
        (mills(contracts.transaction_price) - mills(coalesce(priced.amount, 0))) // currencies.minor_unit AS pool
    FROM lots
    INNER JOIN contracts ON lots.contract_id = contracts.contract_id
    INNER JOIN currencies ON contracts.currency = currencies.currency
    LEFT JOIN priced ON lots.contract_id = priced.contract_id
    WHERE lots.amount IS NULL
    WINDOW by_contract AS (PARTITION BY lots.contract_id)
),

floored AS (
    SELECT
        bundled.lot_id,
        bundled.minor_unit,
        bundled.pool * bundled.weight // bundled.total_weight AS part,
        bundled.pool - sum(part) OVER (PARTITION BY bundled.contract_id) AS rest,
        row_number() OVER (
            PARTITION BY bundled.contract_id
            ORDER BY bundled.pool * bundled.weight % bundled.total_weight DESC, bundled.lot_id
        ) AS place
    FROM bundled
)

SELECT
    lots.lot_id,
    lots.contract_id,
    CASE
        WHEN lots.amount IS NULL
            THEN money_from_mills((floored.part + CAST(floored.place <= floored.rest AS HUGEINT)) * floored.minor_unit)
        ELSE lots.amount
    END AS amount,
    lots.amount IS NULL AS is_allocated
FROM lots
LEFT JOIN floored ON lots.lot_id = floored.lot_id;
