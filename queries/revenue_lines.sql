-- What every lot recognises in every period under each policy, line by line.
--
-- The first boundary takes everything up to it. `booked` repeats the lines of the policy a lot is booked under.
--
-- Grain:   lines that add up per lot, policy and period; a lot can have several
-- Order:   lot_id, policy, period_end, ratable, delivery, breakage, adjustment, escheat
-- Reads:   lot_policies, postings, ratable_lines
-- Rules:   R10.1
-- Columns:
--   lot_id       VARCHAR        the lot
--   contract_id  VARCHAR        its contract
--   policy       VARCHAR        ratable, on_delivery, proportional, remote or booked
--   period_end   DATE           the boundary the line counts to
--   ratable      DECIMAL(18,3)  for elapsed time
--   delivery     DECIMAL(18,3)  for units delivered
--   breakage     DECIMAL(18,3)  for units lapsed or expected to
--   adjustment   DECIMAL(18,3)  price changes of what was recognised, and terminations
--   escheat      DECIMAL(18,3)  owed to a government instead of recognised
CREATE OR REPLACE MACRO revenue_lines(boundaries DATE[]) AS TABLE
WITH closings AS (
    SELECT DISTINCT unnest(boundaries) AS boundary
),

lines AS (
    SELECT
        ratable_lines.lot_id,
        ratable_lines.contract_id,
        'ratable' AS policy,
        ratable_lines.period_end,
        ratable_lines.ratable,
        0 AS delivery,
        0 AS breakage,
        ratable_lines.adjustment,
        0 AS escheat
    FROM ratable_lines(boundaries) AS ratable_lines
    UNION ALL
    SELECT
        postings.lot_id,
        postings.contract_id,
        postings.policy,
        closings.boundary AS period_end,
        0 AS ratable,
        postings.delivery,
        postings.breakage,
        postings.adjustment,
        postings.escheat
    FROM postings
    ASOF INNER JOIN closings ON postings.posted_on <= closings.boundary
)

SELECT
    lines.lot_id,
    lines.contract_id,
    unnest(CASE WHEN lines.policy = lot_policies.policy THEN [lines.policy, 'booked'] ELSE [lines.policy] END)
        AS policy,
    lines.period_end,
    CAST(lines.ratable AS DECIMAL(18, 3)) AS ratable,
    CAST(lines.delivery AS DECIMAL(18, 3)) AS delivery,
    CAST(lines.breakage AS DECIMAL(18, 3)) AS breakage,
    CAST(lines.adjustment AS DECIMAL(18, 3)) AS adjustment,
    CAST(lines.escheat AS DECIMAL(18, 3)) AS escheat
FROM lines
INNER JOIN lot_policies ON lines.lot_id = lot_policies.lot_id;
