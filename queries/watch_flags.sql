-- Whom to call and why: every reason for which an open lot, or a contract that is used beyond its lots, needs somebody.
--
-- Thresholds are shares of 0 to 1 and days; their defaults are WATCH_THRESHOLDS of book.py. A lot that never ends can
-- only be overdrawn. Reasons: overdrawn, more delivered beyond the lots over the last overdrawn_within days than taken
-- back; in_grace, past the term with at most grace_within days of carry-over left; ends_soon, at most ends_within days
-- until units lapse, the first of them where a carry-over cap lets only some live on; left_late, at least left_from of the units left once late_from of the time has passed; behind_pace, the share
-- used lags the share of the time passed by more than behind_by.
--
-- Grain:   one row per lot and reason, and per contract and unit that is overdrawn
-- Order:   currency, at_risk_amount DESC, contract_id, lot_id, severity, unit
-- Reads:   accounts, contracts, overage, watch_list
-- Rules:   R1.2, R1.3, R7.4, R9.1, R9.2
-- Columns:
--   currency          VARCHAR        currency of at_risk_amount
--   account_id        VARCHAR        the client
--   account_name      VARCHAR        the client's name
--   owner             VARCHAR        whom to ask
--   contract_id       VARCHAR        the contract
--   lot_id            VARCHAR        the lot; empty = overdrawn, which no lot is
--   service           VARCHAR        the service line the lot was sold as
--   reason            VARCHAR        overdrawn, in_grace, ends_soon, left_late or behind_pace
--   severity          BIGINT         the order in which reasons are said, the most pressing first, from 1
--   unit              VARCHAR        unit of the quantities
--   flagged_quantity  DECIMAL(18,4)  units left; overdrawn: units delivered beyond the lots
--   granted_quantity  DECIMAL(18,4)  units bought
--   expires_on        DATE           last day of the stated term
--   usable_until      DATE           last usable day, carry-over included
--   lapses_on         DATE           first day on which units lapse: at a carry-over cap the last of the term
--   lapses_quantity   DECIMAL(18,4)  units left that lapse then
--   days_left         BIGINT         days from as_of to it
--   elapsed_share     DOUBLE         share of the term passed, carry-over included
--   used_share        DOUBLE         share of the units drawn
--   recent_monthly    DECIMAL(18,4)  units drawn a month (30 days) over the last 90 days
--   required_monthly  DECIMAL(18,4)  units a month that would let nothing lapse
--   expected_quantity DECIMAL(18,4)  units forecast unused
--   at_risk_amount    DECIMAL(18,3)  price of the forecast unused units; overdrawn: revenue at the agreed rate, nil = none
CREATE OR REPLACE MACRO watch_flags(as_of DATE, behind_by DOUBLE, ends_within INTEGER, left_from DOUBLE, late_from DOUBLE, overdrawn_within INTEGER, grace_within INTEGER) AS TABLE
WITH reasons AS (
    SELECT
        named.severity,
        named.reason
    FROM (VALUES (2, 'in_grace'), (3, 'ends_soon'), (4, 'left_late'), (5, 'behind_pace')) AS named (severity, reason)
),

overdrawn AS (
    SELECT
        overage.contract_id,
        overage.unit,
        sum(overage.quantity) AS quantity,
        sum(overage.revenue) AS revenue
    FROM overage
    WHERE overage.service_date > as_of - overdrawn_within AND overage.service_date <= as_of
    GROUP BY overage.contract_id, overage.unit
    HAVING sum(overage.quantity) > 0
)

SELECT
    watch_list.currency,
    watch_list.account_id,
    watch_list.account_name,
    watch_list.owner,
    watch_list.contract_id,
    watch_list.lot_id,
    watch_list.service,
    reasons.reason,
    CAST(reasons.severity AS BIGINT) AS severity,
    watch_list.unit,
    watch_list.remaining_quantity AS flagged_quantity,
    watch_list.granted_quantity,
    watch_list.expires_on,
    watch_list.usable_until,
    watch_list.lapses_on,
    watch_list.lapses_quantity,
    watch_list.lapses_on - as_of AS days_left,
    watch_list.elapsed_share,
    watch_list.used_share,
    watch_list.recent_monthly,
    watch_list.required_monthly,
    watch_list.expected_quantity,
    watch_list.expected_amount AS at_risk_amount
FROM watch_list(as_of) AS watch_list
INNER JOIN reasons
    ON
        CASE reasons.reason
            WHEN 'in_grace' THEN watch_list.status = 'grace' AND watch_list.lapses_on - as_of <= grace_within
            WHEN 'ends_soon' THEN watch_list.lapses_on - as_of <= ends_within
            WHEN 'left_late'
                THEN
                    watch_list.elapsed_share >= late_from
                    AND watch_list.remaining_quantity / watch_list.granted_quantity >= left_from
            -- Shares are doubles: without rounding, 0.3 less 0.05 would not be a quarter.
            WHEN 'behind_pace' THEN round(watch_list.elapsed_share - watch_list.used_share, 6) > behind_by
        END
UNION ALL
SELECT
    contracts.currency,
    contracts.account_id,
    accounts.name AS account_name,
    contracts.owner,
    contracts.contract_id,
    NULL AS lot_id,
    NULL AS service,
    'overdrawn' AS reason,
    1 AS severity,
    overdrawn.unit,
    CAST(overdrawn.quantity AS DECIMAL(18, 4)) AS flagged_quantity,
    NULL AS granted_quantity,
    NULL AS expires_on,
    NULL AS usable_until,
    NULL AS lapses_on,
    NULL AS lapses_quantity,
    NULL AS days_left,
    NULL AS elapsed_share,
    NULL AS used_share,
    NULL AS recent_monthly,
    NULL AS required_monthly,
    NULL AS expected_quantity,
    CAST(overdrawn.revenue AS DECIMAL(18, 3)) AS at_risk_amount
FROM overdrawn
INNER JOIN contracts ON overdrawn.contract_id = contracts.contract_id
INNER JOIN accounts ON contracts.account_id = accounts.account_id;
