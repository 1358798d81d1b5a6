-- The policy every lot is booked under, and how ratable would spread it.
--
-- Grain:   one row per lot
-- Order:   lot_id
-- Reads:   contracts, lots
-- Rules:   R3.3
-- Columns:
--   lot_id       VARCHAR  the lot
--   contract_id  VARCHAR  its contract
--   policy       VARCHAR  ratable, on_delivery, proportional or remote
--   convention   VARCHAR  daily, month_even, month_half or month_actual
CREATE OR REPLACE MACRO lot_policies() AS TABLE
SELECT
    lots.lot_id,
    lots.contract_id,
    contracts.recognition_method AS policy,
    contracts.recognition_convention AS convention
FROM lots
INNER JOIN contracts ON lots.contract_id = contracts.contract_id;
