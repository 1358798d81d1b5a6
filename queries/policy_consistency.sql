-- Contracts that book a service differently from most contracts with that service.
--
-- Of the contracts booked by as_of; how a service is booked is the policy and, where that is ratable, the convention.
-- The usual one is what most contracts with the service have, ties in name order. A narrowed question compares only
-- the contracts it is about.
--
-- Grain:   one row per service and contract that books it differently
-- Order:   service, contract_id
-- Reads:   accounts, contracts, lot_policies, lot_terms
-- Rules:   R3.4, R8.5
-- Columns:
--   service           VARCHAR        the service line
--   contract_id       VARCHAR        the contract
--   account_name      VARCHAR        the client's name
--   owner             VARCHAR        who sees the budget through
--   currency          VARCHAR        currency of amount
--   policy            VARCHAR        policy the contract books the service under
--   convention        VARCHAR        how ratable spreads it; empty for the other policies
--   usual_policy      VARCHAR        policy of most contracts with the service
--   usual_convention  VARCHAR        how they spread it; empty where they do not
--   usual_count       BIGINT         contracts that book the service the usual way
--   other_count       BIGINT         contracts that do not
--   amount            DECIMAL(18,3)  price of the contract's lots of the service, before amendments
CREATE OR REPLACE MACRO policy_consistency(as_of DATE) AS TABLE
WITH sold AS (
    SELECT
        lot_terms.service,
        lot_terms.contract_id,
        lot_policies.policy,
        CASE WHEN lot_policies.policy = 'ratable' THEN lot_policies.convention END AS spread_by,
        sum(lot_terms.amount) AS amount
    FROM lot_terms
    INNER JOIN lot_policies ON lot_terms.lot_id = lot_policies.lot_id
    INNER JOIN contracts ON lot_terms.contract_id = contracts.contract_id
    WHERE contracts.booked_on <= as_of
    GROUP BY lot_terms.service, lot_terms.contract_id, lot_policies.policy, spread_by
),

usual AS (
    SELECT
        sold.service,
        sold.policy,
        sold.spread_by,
        count(*) AS usual_count,
        sum(count(*)) OVER (PARTITION BY sold.service) - count(*) AS other_count
    FROM sold
    GROUP BY sold.service, sold.policy, sold.spread_by
    QUALIFY
        row_number() OVER (PARTITION BY sold.service ORDER BY count(*) DESC, sold.policy, sold.spread_by) = 1
)

SELECT
    sold.service,
    sold.contract_id,
    accounts.name AS account_name,
    contracts.owner,
    contracts.currency,
    sold.policy,
    sold.spread_by AS convention,
    usual.policy AS usual_policy,
    usual.spread_by AS usual_convention,
    usual.usual_count,
    CAST(usual.other_count AS BIGINT) AS other_count,
    CAST(sold.amount AS DECIMAL(18, 3)) AS amount
FROM sold
INNER JOIN usual ON sold.service = usual.service
INNER JOIN contracts ON sold.contract_id = contracts.contract_id
INNER JOIN accounts ON contracts.account_id = accounts.account_id
WHERE sold.policy <> usual.policy OR sold.spread_by IS DISTINCT FROM usual.spread_by;
