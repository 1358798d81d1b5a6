-- Backlog (RPO) of every contract under each policy: agreed price not yet recognised, billed or not.
--
-- Grain:   one row per policy and contract booked, billed or earned by as_of; nothing is agreed before the booking
-- Order:   contract_id, policy
-- Reads:   amendments, billings, contracts, lot_terms, movements, revenue_to_date
-- Rules:   R8.2, R8.4, R10.1
-- Columns:
--   contract_id      VARCHAR        the contract
--   account_id       VARCHAR        the client
--   owner            VARCHAR        who sees the budget through
--   currency         VARCHAR        currency of the amounts
--   policy           VARCHAR        ratable or on_delivery
--   agreed           DECIMAL(18,3)  price of the lots with the amendments effective by as_of
--   recognised       DECIMAL(18,3)  revenue by the close of as_of, without overage
--   billed           DECIMAL(18,3)  invoiced less credit notes by as_of
--   backlog          DECIMAL(18,3)  agreed less recognised
--   deferred_net     DECIMAL(18,3)  billed less recognised: contract liability, or contract asset where negative
CREATE OR REPLACE MACRO backlog(as_of DATE) AS TABLE
WITH asked AS (
    SELECT
        contracts.contract_id,
        contracts.account_id,
        contracts.owner,
        contracts.currency,
        contracts.booked_on,
        unnest(['ratable', 'on_delivery']) AS policy
    FROM contracts
),

-- A purchase is agreed from its booking on, an amendment from its day; units taken back count as far as they were left.
granted AS (
    SELECT
        movements.lot_id,
        sum(movements.quantity) AS quantity
    FROM movements
    LEFT JOIN amendments ON movements.event_id = amendments.amendment_id
    WHERE movements.kind = 'grant' AND (movements.event_id IS NULL OR amendments.effective_on <= as_of)
    GROUP BY movements.lot_id
),

agreed AS (
    SELECT
        lot_terms.contract_id,
        sum(price_of_units(lot_terms.amount, lot_terms.quantity, granted.quantity, lot_terms.minor_unit)) AS amount
    FROM granted
    INNER JOIN lot_terms ON granted.lot_id = lot_terms.lot_id
    GROUP BY lot_terms.contract_id
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
        revenue_to_date.contract_id,
        revenue_to_date.policy,
        revenue_to_date.ratable + revenue_to_date.delivery + revenue_to_date.breakage AS amount
    FROM revenue_to_date([as_of]) AS revenue_to_date
)

SELECT
    asked.contract_id,
    asked.account_id,
    asked.owner,
    asked.currency,
    asked.policy,
    CAST(coalesce(agreed.amount, 0) AS DECIMAL(18, 3)) AS agreed,
    CAST(coalesce(recognised.amount, 0) AS DECIMAL(18, 3)) AS recognised,
    CAST(coalesce(billed.amount, 0) AS DECIMAL(18, 3)) AS billed,
    CAST(coalesce(agreed.amount, 0) - coalesce(recognised.amount, 0) AS DECIMAL(18, 3)) AS backlog,
    CAST(coalesce(billed.amount, 0) - coalesce(recognised.amount, 0) AS DECIMAL(18, 3)) AS deferred_net
FROM asked
LEFT JOIN agreed ON asked.contract_id = agreed.contract_id AND asked.booked_on <= as_of
LEFT JOIN billed ON asked.contract_id = billed.contract_id
LEFT JOIN recognised ON asked.contract_id = recognised.contract_id AND asked.policy = recognised.policy
WHERE asked.booked_on <= as_of OR billed.amount <> 0 OR recognised.amount <> 0;
