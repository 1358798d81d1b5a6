-- What a controller should look at: lots and contracts whose use or amendments speak against how they are booked.
--
-- As booked, and by what had happened by as_of:
--   ratable_behind_delivery      more is delivered than the ratable policy has recognised: what revenue is behind by
--   ratable_ended_rights_remain  the ratable term is over and units can still be used, in grace or after an extension
--   ratable_with_overage         units beyond a ratable contract's lots are charged: the promise is of a quantity
--   ratable_with_transfers       unused units of a ratable lot were moved to another
--   estimate_exceeded            as much is used as was expected in all: revenue stands at the price, units remain
--   used_after_remote            units were used after their use was judged remote
--   extended_after_lapse         units came back after their lapse was recognised: an implied promise if customary
-- A flag is a question, not an error.
--
-- Grain:   one row per contract, lot (none: the contract as a whole), flag and unit
-- Order:   contract_id, lot_id, flag, unit
-- Reads:   accounts, amendments, consumption, contracts, lot_balance, lot_estimates, lot_policies, lot_terms, movements, overage, postings, ratable_terms, remote_assessments
-- Rules:   R3.4, R5.3, R6.3, R7.1
-- Columns:
--   contract_id   VARCHAR        the contract
--   account_name  VARCHAR        the client's name
--   owner         VARCHAR        who sees the budget through
--   lot_id        VARCHAR        the lot; empty = the contract as a whole
--   currency      VARCHAR        currency of amount
--   flag          VARCHAR        which question it is
--   rule          VARCHAR        the rule it comes from
--   since         DATE           first day of it; of an amendment or use, the first one's day
--   quantity      DECIMAL(18,4)  units delivered, remaining, beyond the lots, moved, used or brought back
--   unit          VARCHAR        unit of quantity
--   amount        DECIMAL(18,3)  what revenue is behind by, else the price of these units
CREATE OR REPLACE MACRO judgement_flags(as_of DATE) AS TABLE
WITH left_of_lots AS (
    SELECT
        lot_balance.lot_id,
        lot_balance.contract_id,
        lot_balance.unit,
        lot_balance.drawn_quantity,
        lot_balance.remaining_quantity,
        lot_balance.remaining_amount
    FROM lot_balance(as_of) AS lot_balance
),

-- What ratable lots had delivered at the close of the days that changed it, of the days before, and of as_of.
delivery_days AS (
    SELECT
        postings.lot_id,
        unnest([postings.posted_on - 1, postings.posted_on, as_of]) AS day,
        unnest([0, postings.delivery + postings.adjustment, 0]) AS amount
    FROM postings
    INNER JOIN lot_policies ON postings.lot_id = lot_policies.lot_id
    WHERE postings.policy = 'on_delivery' AND postings.posted_on <= as_of AND lot_policies.policy = 'ratable'
),

delivered AS (
    SELECT
        delivery_days.lot_id,
        delivery_days.day,
        sum(sum(delivery_days.amount)) OVER (
            PARTITION BY delivery_days.lot_id ORDER BY delivery_days.day
        ) AS to_date
    FROM delivery_days
    GROUP BY delivery_days.lot_id, delivery_days.day
),

passed AS (
    SELECT
        delivered.lot_id,
        delivered.day,
        delivered.to_date,
        ratable_terms.ends_on,
        ratable_terms.minor_unit,
        ratable_terms.base + ratable_terms.adjustment AS base,
        ratable_terms.spread,
        ratable_terms.denominator,
        CASE
            WHEN ratable_terms.weights_to_date IS NULL THEN ratable_terms.ends_on - ratable_terms.starts_on + 1
            ELSE ratable_terms.weights_to_date[-1]
        END AS whole,
        CASE
            WHEN delivered.day >= ratable_terms.ends_on THEN whole
            WHEN ratable_terms.weights_to_date IS NULL THEN delivered.day - ratable_terms.starts_on + 1
            -- one instalment at the end of each month that has passed
            ELSE coalesce(
                ratable_terms.weights_to_date[date_diff('month', ratable_terms.starts_on, delivered.day + 1)], 0
            )
        END AS done
    FROM delivered
    LEFT JOIN ratable_terms
        ON
            delivered.lot_id = ratable_terms.lot_id
            AND delivered.day >= ratable_terms.starts_on
            AND (ratable_terms.before IS NULL OR delivered.day < ratable_terms.before)
),

-- While revenue is still to come; after that ratable has recognised everything.
compared AS (
    SELECT
        passed.lot_id,
        passed.day,
        passed.to_date - coalesce(
            sum(
                rounded_money(
                    passed.base * passed.whole + passed.spread * passed.done,
                    passed.whole * passed.denominator,
                    passed.minor_unit
                )
            ),
            0
        ) AS ahead_by,
        ahead_by > 0 AND (max(passed.ends_on) IS NULL OR max(passed.ends_on) > passed.day) AS is_ahead
    FROM passed
    GROUP BY passed.lot_id, passed.day, passed.to_date
),

ahead AS (
    SELECT
        compared.lot_id,
        compared.day,
        compared.ahead_by
    FROM compared
    QUALIFY count(*) FILTER (WHERE NOT compared.is_ahead) OVER (
        PARTITION BY compared.lot_id ORDER BY compared.day DESC
    ) = 0
),

spread AS (
    SELECT
        ratable_terms.lot_id,
        arg_max(ratable_terms.ends_on, ratable_terms.starts_on) AS ends_on
    FROM ratable_terms
    WHERE ratable_terms.is_booked AND ratable_terms.starts_on <= as_of AND ratable_terms.spread <> 0
    GROUP BY ratable_terms.lot_id, ratable_terms.layer_id
),

spread_until AS (
    SELECT
        spread.lot_id,
        max(spread.ends_on) AS ends_on
    FROM spread
    GROUP BY spread.lot_id
),

reinstated AS (
    SELECT
        movements.lot_id,
        min(movements.moved_on) AS first_on,
        max(movements.moved_on) AS last_on,
        -sum(movements.quantity) AS quantity
    FROM movements
    WHERE movements.kind = 'lapse' AND movements.quantity < 0 AND movements.moved_on <= as_of
    GROUP BY movements.lot_id
),

-- How many units proportional lots had granted, used and lapsed, and what was expected of them, day by day.
changes AS (
    SELECT
        movements.lot_id,
        movements.moved_on AS day,
        CASE movements.kind WHEN 'grant' THEN movements.quantity ELSE 0 END AS granted,
        CASE movements.kind WHEN 'draw' THEN movements.quantity ELSE 0 END AS drawn,
        CASE movements.kind WHEN 'lapse' THEN movements.quantity ELSE 0 END AS lapsed,
        NULL AS rate
    FROM movements
    WHERE movements.moved_on <= as_of
    UNION ALL
    SELECT
        lot_estimates.lot_id,
        lot_estimates.effective_on AS day,
        0 AS granted,
        0 AS drawn,
        0 AS lapsed,
        lot_estimates.rate
    FROM lot_estimates
    WHERE lot_estimates.effective_on <= as_of
),

exercised AS (
    SELECT
        changes.lot_id,
        changes.day,
        sum(sum(changes.granted)) OVER to_date AS granted,
        sum(sum(changes.drawn)) OVER to_date AS drawn,
        sum(sum(changes.lapsed)) OVER to_date AS lapsed,
        coalesce(last_value(max(changes.rate) IGNORE NULLS) OVER to_date, 0) AS rate
    FROM changes
    INNER JOIN lot_policies ON changes.lot_id = lot_policies.lot_id
    WHERE lot_policies.policy = 'proportional'
    GROUP BY changes.lot_id, changes.day
    WINDOW to_date AS (PARTITION BY changes.lot_id ORDER BY changes.day)
),

exceeded AS (
    SELECT
        exercised.lot_id,
        exercised.day,
        exercised.drawn > 0
        AND exercised.granted > exercised.drawn + exercised.lapsed
        AND units(exercised.drawn) * 1000000000000
        >= units(exercised.granted) * (1000000000000 - shares(exercised.rate)) AS is_exceeded
    FROM exercised
    QUALIFY count(*) FILTER (WHERE NOT is_exceeded) OVER (
        PARTITION BY exercised.lot_id ORDER BY exercised.day DESC
    ) = 0
),

judged AS (
    SELECT
        lot_policies.lot_id,
        min(remote_assessments.assessed_on) AS assessed_on
    FROM remote_assessments
    INNER JOIN lot_policies
        ON
            remote_assessments.contract_id = lot_policies.contract_id
            AND coalesce(remote_assessments.lot_id, lot_policies.lot_id) = lot_policies.lot_id
    WHERE remote_assessments.assessed_on <= as_of AND lot_policies.policy = 'remote'
    GROUP BY lot_policies.lot_id
),

flagged AS (
    SELECT
        ahead.lot_id,
        'ratable_behind_delivery' AS flag,
        'R3.4' AS rule,
        min(ahead.day) AS since,
        any_value(left_of_lots.drawn_quantity) AS quantity,
        arg_max(ahead.ahead_by, ahead.day) AS amount
    FROM ahead
    INNER JOIN left_of_lots ON ahead.lot_id = left_of_lots.lot_id
    WHERE left_of_lots.drawn_quantity > 0
    GROUP BY ahead.lot_id
    UNION ALL
    SELECT
        spread_until.lot_id,
        'ratable_ended_rights_remain' AS flag,
        'R3.4' AS rule,
        greatest(spread_until.ends_on, reinstated.last_on) AS since,
        left_of_lots.remaining_quantity AS quantity,
        left_of_lots.remaining_amount AS amount
    FROM spread_until
    INNER JOIN left_of_lots ON spread_until.lot_id = left_of_lots.lot_id
    LEFT JOIN reinstated ON spread_until.lot_id = reinstated.lot_id
    WHERE spread_until.ends_on <= as_of AND left_of_lots.remaining_quantity > 0
    UNION ALL
    SELECT
        movements.lot_id,
        'ratable_with_transfers' AS flag,
        'R3.4' AS rule,
        min(movements.moved_on) AS since,
        -sum(movements.quantity) AS quantity,
        -sum(movements.amount) AS amount
    FROM movements
    INNER JOIN amendments ON movements.event_id = amendments.amendment_id
    INNER JOIN lot_policies ON movements.lot_id = lot_policies.lot_id
    WHERE
        amendments.kind = 'transfer'
        AND movements.kind = 'grant'
        AND movements.quantity < 0
        AND movements.moved_on <= as_of
        AND lot_policies.policy = 'ratable'
    GROUP BY movements.lot_id
    UNION ALL
    SELECT
        exceeded.lot_id,
        'estimate_exceeded' AS flag,
        'R5.3' AS rule,
        min(exceeded.day) AS since,
        any_value(left_of_lots.remaining_quantity) AS quantity,
        any_value(left_of_lots.remaining_amount) AS amount
    FROM exceeded
    INNER JOIN left_of_lots ON exceeded.lot_id = left_of_lots.lot_id
    GROUP BY exceeded.lot_id
    UNION ALL
    SELECT
        movements.lot_id,
        'used_after_remote' AS flag,
        'R6.3' AS rule,
        min(movements.moved_on) AS since,
        sum(movements.quantity) AS quantity,
        sum(movements.amount) AS amount
    FROM movements
    INNER JOIN judged ON movements.lot_id = judged.lot_id
    INNER JOIN consumption ON movements.event_id = consumption.consumption_id
    LEFT JOIN consumption AS original ON consumption.reverses = original.consumption_id
    WHERE
        movements.kind = 'draw'
        AND movements.moved_on <= as_of
        AND coalesce(original.service_date, consumption.service_date) > judged.assessed_on
    GROUP BY movements.lot_id
    HAVING sum(movements.quantity) > 0
    UNION ALL
    SELECT
        reinstated.lot_id,
        'extended_after_lapse' AS flag,
        'R7.1' AS rule,
        reinstated.first_on AS since,
        reinstated.quantity,
        price_of_units(
            sum(movements.amount), sum(movements.quantity), reinstated.quantity, any_value(lot_terms.minor_unit)
        ) AS amount
    FROM reinstated
    INNER JOIN lot_terms ON reinstated.lot_id = lot_terms.lot_id
    INNER JOIN movements
        ON
            reinstated.lot_id = movements.lot_id
            AND movements.kind = 'lapse'
            AND movements.quantity > 0
            AND reinstated.last_on > movements.moved_on
    GROUP BY reinstated.lot_id, reinstated.first_on, reinstated.quantity
),

flags AS (
    SELECT
        left_of_lots.contract_id,
        flagged.lot_id,
        flagged.flag,
        flagged.rule,
        flagged.since,
        flagged.quantity,
        left_of_lots.unit,
        flagged.amount
    FROM flagged
    INNER JOIN left_of_lots ON flagged.lot_id = left_of_lots.lot_id
    UNION ALL
    SELECT
        overage.contract_id,
        NULL AS lot_id,
        'ratable_with_overage' AS flag,
        'R3.4' AS rule,
        min(overage.service_date) AS since,
        sum(overage.quantity) AS quantity,
        overage.unit,
        sum(overage.revenue) AS amount
    FROM overage
    WHERE
        overage.status = 'billable'
        AND overage.service_date <= as_of
        AND overage.contract_id IN (
            SELECT lot_policies.contract_id
            FROM lot_policies
            WHERE lot_policies.policy = 'ratable'
        )
    GROUP BY overage.contract_id, overage.unit
    HAVING sum(overage.revenue) > 0
)

SELECT
    flags.contract_id,
    accounts.name AS account_name,
    contracts.owner,
    flags.lot_id,
    contracts.currency,
    flags.flag,
    flags.rule,
    flags.since,
    CAST(flags.quantity AS DECIMAL(18, 4)) AS quantity,
    flags.unit,
    CAST(flags.amount AS DECIMAL(18, 3)) AS amount
FROM flags
INNER JOIN contracts ON flags.contract_id = contracts.contract_id
INNER JOIN accounts ON contracts.account_id = accounts.account_id;
