-- Backlog (RPO) of every contract under each policy: agreed price not yet recognised, billed or not.
--
-- Grain:   one row per policy and contract booked, billed or earned by as_of; nothing is agreed before the booking
-- Order:   contract_id, policy
-- Reads:   amendments, billings, contracts, movements, revenue_lines
-- Rules:   R5.6, R8.2, R8.4, R10.1
-- Columns:
--   contract_id      VARCHAR        the contract
--   account_id       VARCHAR        the client
--   owner            VARCHAR        who sees the budget through
--   currency         VARCHAR        currency of the amounts
--   policy           VARCHAR        ratable, on_delivery, proportional, remote or booked
--   agreed           DECIMAL(18,3)  price of the lots with the amendments effective by as_of
--   recognised       DECIMAL(18,3)  revenue by the close of as_of, without overage
--   escheat          DECIMAL(18,3)  owed to a government instead
--   billed           DECIMAL(18,3)  invoiced less credit notes by as_of
--   backlog          DECIMAL(18,3)  agreed less recognised and escheat
--   deferred_net     DECIMAL(18,3)  billed less recognised and escheat: contract liability, or contract asset where negative
CREATE OR REPLACE MACRO backlog(as_of DATE) AS TABLE
WITH asked AS (
    SELECT
        contracts.contract_id,
        contracts.account_id,
        contracts.owner,
        contracts.currency,
        contracts.booked_on,
        unnest(['ratable', 'on_delivery', 'proportional', 'remote', 'booked']) AS policy
    FROM contracts
),

-- A purchase is agreed from its booking on, an amendment from its day; a termination waives what is not kept.
agreed AS (
    SELECT
        movements.contract_id,
        sum(CASE movements.kind WHEN 'waive' THEN -movements.amount ELSE movements.amount END) AS amount
    FROM movements
    LEFT JOIN amendments ON movements.event_id = amendments.amendment_id
    WHERE
        movements.kind IN ('grant', 'waive')
        AND (movements.event_id IS NULL OR coalesce(amendments.effective_on, movements.moved_on) <= as_of)
    GROUP BY movements.contract_id
),

billed AS (
    SELECT
        billings.contract_id,
        sum(billings.amount) AS amount
    FROM billings
    WHERE billings.billed_on <= as_of
    GROUP BY billings.contract_id
),

recognised AS (
    SELECT
        revenue_lines.contract_id,
        revenue_lines.policy,
        sum(revenue_lines.ratable + revenue_lines.delivery + revenue_lines.breakage + revenue_lines.adjustment)
            AS revenue,
        sum(revenue_lines.escheat) AS escheat
    FROM revenue_lines([as_of]) AS revenue_lines
    GROUP BY revenue_lines.contract_id, revenue_lines.policy
)

SELECT
    asked.contract_id,
    asked.account_id,
    asked.owner,
    asked.currency,
    asked.policy,
    CAST(coalesce(agreed.amount, 0) AS DECIMAL(18, 3)) AS agreed,
    CAST(coalesce(recognised.revenue, 0) AS DECIMAL(18, 3)) AS recognised,
    CAST(coalesce(recognised.escheat, 0) AS DECIMAL(18, 3)) AS escheat,
    CAST(coalesce(billed.amount, 0) AS DECIMAL(18, 3)) AS billed,
    CAST(coalesce(agreed.amount, 0) - coalesce(recognised.revenue + recognised.escheat, 0) AS DECIMAL(18, 3))
        AS backlog,
    CAST(coalesce(billed.amount, 0) - coalesce(recognised.revenue + recognised.escheat, 0) AS DECIMAL(18, 3))
        AS deferred_net
FROM asked
LEFT JOIN agreed ON asked.contract_id = agreed.contract_id AND asked.booked_on <= as_of
LEFT JOIN billed ON asked.contract_id = billed.contract_id
LEFT JOIN recognised ON asked.contract_id = recognised.contract_id AND asked.policy = recognised.policy
WHERE asked.booked_on <= as_of OR billed.amount <> 0 OR recognised.revenue <> 0;
