-- The cumulative catch-ups that changes in breakage estimates caused: changes in estimate, never restatements.
--
-- Grain:   one row per lot and day a new estimate changed what is recognised
-- Order:   contract_id, posted_on, lot_id
-- Reads:   lot_terms, postings
-- Rules:   R5.2
-- Columns:
--   contract_id  VARCHAR        the contract
--   lot_id       VARCHAR        the lot
--   posted_on    DATE           first day of the new estimate
--   currency     VARCHAR        currency of amount
--   amount       DECIMAL(18,3)  recognised (negative: taken back) under the proportional policy
CREATE OR REPLACE MACRO catch_ups() AS TABLE
SELECT
    postings.contract_id,
    postings.lot_id,
    postings.posted_on,
    lot_terms.currency,
    CAST(sum(postings.breakage) AS DECIMAL(18, 3)) AS amount
FROM postings
INNER JOIN lot_terms ON postings.lot_id = lot_terms.lot_id
WHERE postings.policy = 'proportional' AND postings.cause = 'estimate'
GROUP BY postings.contract_id, postings.lot_id, postings.posted_on, lot_terms.currency;
