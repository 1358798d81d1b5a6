-- What every lot recognises in every period under each policy, by component.
--
-- Grain:   one row per lot, policy and period in which it recognises something; the first boundary takes all up to it
-- Order:   lot_id, policy, period_end
-- Reads:   revenue_lines
-- Rules:   R4.4, R8.5, R10.1
-- Columns:
--   lot_id       VARCHAR        the lot
--   contract_id  VARCHAR        its contract
--   policy       VARCHAR        ratable, on_delivery, proportional, remote or booked
--   period_end   DATE           closing day of the period
--   ratable      DECIMAL(18,3)  for elapsed time
--   delivery     DECIMAL(18,3)  for units delivered
--   breakage     DECIMAL(18,3)  for units lapsed or expected to
--   adjustment   DECIMAL(18,3)  price changes of what was recognised, and terminations
--   escheat      DECIMAL(18,3)  owed to a government instead of recognised
CREATE OR REPLACE MACRO revenue_by_lot(boundaries DATE[]) AS TABLE
SELECT
    revenue_lines.lot_id,
    revenue_lines.contract_id,
    revenue_lines.policy,
    revenue_lines.period_end,
    CAST(sum(revenue_lines.ratable) AS DECIMAL(18, 3)) AS ratable,
    CAST(sum(revenue_lines.delivery) AS DECIMAL(18, 3)) AS delivery,
    CAST(sum(revenue_lines.breakage) AS DECIMAL(18, 3)) AS breakage,
    CAST(sum(revenue_lines.adjustment) AS DECIMAL(18, 3)) AS adjustment,
    CAST(sum(revenue_lines.escheat) AS DECIMAL(18, 3)) AS escheat
FROM revenue_lines(boundaries) AS revenue_lines
GROUP BY revenue_lines.lot_id, revenue_lines.contract_id, revenue_lines.policy, revenue_lines.period_end;
