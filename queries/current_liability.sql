-- The current and the non-current part of every contract's deferred revenue under each policy.
--
-- Ratable: what is scheduled after current_until, or has no day, is not current; what is scheduled by then comes first.
-- What follows use is all current, since the client can call for it at any time: this figure makes no split by expected
-- use. What was billed beyond the price is current. A contract is a liability or an asset, never both, and contracts
-- are never netted.
--
-- Grain:   one row per contract and policy whose position is not nil
-- Order:   contract_id, policy
-- Reads:   backlog, rpo_bands
-- Rules:   R8.2, R8.3
-- Columns:
--   contract_id         VARCHAR        the contract
--   currency            VARCHAR        currency of the amounts
--   policy              VARCHAR        ratable, on_delivery, proportional, remote or booked
--   liability           DECIMAL(18,3)  billed ahead of revenue at the close of as_of
--   asset               DECIMAL(18,3)  earned ahead of billing, positive
--   current_amount      DECIMAL(18,3)  of the liability, to be earned by current_until or callable at any time
--   non_current_amount  DECIMAL(18,3)  of the liability, the rest
CREATE OR REPLACE MACRO current_liability(as_of DATE, current_until DATE) AS TABLE
WITH waiting AS (
    SELECT
        rpo_bands.contract_id,
        rpo_bands.policy,
        sum(rpo_bands.amount) FILTER (WHERE rpo_bands.basis = 'schedule' AND rpo_bands.band_end IS NULL) AS later,
        sum(rpo_bands.amount) - coalesce(later, 0) AS sooner
    FROM rpo_bands(as_of, [current_until]) AS rpo_bands
    GROUP BY rpo_bands.contract_id, rpo_bands.policy
),

divided AS (
    SELECT
        backlog.contract_id,
        backlog.currency,
        backlog.policy,
        greatest(backlog.deferred_net, 0) AS liability,
        greatest(-backlog.deferred_net, 0) AS asset,
        greatest(least(liability - coalesce(waiting.sooner, 0), coalesce(waiting.later, 0)), 0) AS non_current
    FROM backlog(as_of) AS backlog
    LEFT JOIN waiting ON backlog.contract_id = waiting.contract_id AND backlog.policy = waiting.policy
    WHERE backlog.deferred_net <> 0
)

SELECT
    divided.contract_id,
    divided.currency,
    divided.policy,
    CAST(divided.liability AS DECIMAL(18, 3)) AS liability,
    CAST(divided.asset AS DECIMAL(18, 3)) AS asset,
    CAST(divided.liability - divided.non_current AS DECIMAL(18, 3)) AS current_amount,
    CAST(divided.non_current AS DECIMAL(18, 3)) AS non_current_amount
FROM divided;
