-- Contract liabilities and contract assets of the book at the close of every boundary: contracts are never netted.
--
-- Grain:   one row per currency, policy and boundary
-- Order:   currency, policy, boundary
-- Reads:   liability_rollforward
-- Rules:   R8.2, R11.3
-- Columns:
--   currency     VARCHAR        currency of the amounts
--   policy       VARCHAR        ratable, on_delivery, proportional, remote or booked
--   boundary     DATE           closing day; the first boundary is only an opening
--   liabilities  DECIMAL(18,3)  contracts billed ahead of revenue
--   assets       DECIMAL(18,3)  contracts earned ahead of billing, positive
CREATE OR REPLACE MACRO net_positions(boundaries DATE[]) AS TABLE
SELECT
    liability_rollforward.currency,
    liability_rollforward.policy,
    liability_rollforward.period_end AS boundary,
    CAST(sum(greatest(liability_rollforward.closing, 0)) AS DECIMAL(18, 3)) AS liabilities,
    CAST(sum(greatest(-liability_rollforward.closing, 0)) AS DECIMAL(18, 3)) AS assets
FROM liability_rollforward(boundaries) AS liability_rollforward
GROUP BY liability_rollforward.currency, liability_rollforward.policy, liability_rollforward.period_end;
