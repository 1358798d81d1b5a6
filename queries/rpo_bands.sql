-- When the backlog of every contract will be recognised at the latest, under each policy, in bands of time (RPO).
--
-- Ratable follows its schedule, on the terms agreed by as_of. What follows use has no schedule, since when it is used
-- is the client's choice: it stands where its right ends, the day by which it lapses at the latest; units above a
-- carry-over cap end with the stated term. Boundaries up to as_of make no band. The bands of a contract add up to its
-- backlog.
--
-- Grain:   one row per contract, policy, band and basis that holds something
-- Order:   contract_id, policy, band_end, basis
-- Reads:   amendments, contracts, lot_policies, lot_terms, lots, movements, postings, ratable_terms
-- Rules:   R3.1, R3.3, R7.2, R7.4, R8.4, R10.1
-- Columns:
--   contract_id  VARCHAR        the contract
--   currency     VARCHAR        currency of amount
--   policy       VARCHAR        ratable, on_delivery, proportional, remote or booked
--   band_end     DATE           last day of the band; empty = after the last band, or without a day
--   basis        VARCHAR        schedule (ratable), or end of the right
--   amount       DECIMAL(18,3)  agreed and neither recognised nor escheated
CREATE OR REPLACE MACRO rpo_bands(as_of DATE, boundaries DATE[]) AS TABLE
WITH points AS (
    SELECT DISTINCT asked.point
    FROM (SELECT unnest(list_append(list_append(boundaries, as_of), DATE 'infinity')) AS point) AS asked
    WHERE asked.point >= as_of
),

-- The ratable terms as agreed by as_of: of each layer the span under way, or the lot's first.
in_force AS (
    SELECT
        ratable_terms.lot_id,
        ratable_terms.layer_id,
        ratable_terms.minor_unit,
        ratable_terms.starts_on,
        ratable_terms.ends_on,
        ratable_terms.base + ratable_terms.adjustment AS base,
        ratable_terms.spread,
        ratable_terms.denominator,
        ratable_terms.weights_to_date
    FROM ratable_terms
    WHERE
        (ratable_terms.before IS NULL OR ratable_terms.before > as_of)
        AND (ratable_terms.starts_on <= as_of OR ratable_terms.layer_id = ratable_terms.lot_id)
    QUALIFY
        row_number() OVER (
            PARTITION BY ratable_terms.lot_id, ratable_terms.layer_id ORDER BY ratable_terms.starts_on
        ) = 1
),

passed AS (
    SELECT
        in_force.lot_id,
        in_force.minor_unit,
        in_force.base,
        in_force.spread,
        in_force.denominator,
        points.point,
        CASE
            WHEN in_force.weights_to_date IS NULL THEN in_force.ends_on - in_force.starts_on + 1
            ELSE in_force.weights_to_date[-1]
        END AS whole,
        CASE
            WHEN points.point >= in_force.ends_on THEN whole
            WHEN in_force.weights_to_date IS NULL THEN points.point - in_force.starts_on + 1
            -- one instalment at the end of each month that has passed
            ELSE coalesce(in_force.weights_to_date[date_diff('month', in_force.starts_on, points.point + 1)], 0)
        END AS done
    FROM in_force
    INNER JOIN points ON in_force.starts_on <= points.point AND points.point < DATE 'infinity'
),

scheduled AS (
    SELECT
        passed.lot_id,
        passed.point,
        sum(
            rounded_money(
                passed.base * passed.whole + passed.spread * passed.done,
                passed.whole * passed.denominator,
                passed.minor_unit
            )
        ) AS to_date
    FROM passed
    GROUP BY passed.lot_id, passed.point
),

-- What each lot has recognised by as_of, and will have when all is over.
recognised AS (
    SELECT
        postings.lot_id,
        postings.policy,
        sum(postings.delivery + postings.breakage + postings.adjustment + postings.escheat)
            FILTER (WHERE postings.posted_on <= as_of) AS by_now,
        sum(postings.delivery + postings.breakage + postings.adjustment + postings.escheat) AS in_the_end
    FROM postings
    GROUP BY postings.lot_id, postings.policy
    UNION ALL
    SELECT
        ratable_terms.lot_id,
        'ratable' AS policy,
        any_value(scheduled.to_date) AS by_now,
        sum(
            rounded_money(
                ratable_terms.base + ratable_terms.adjustment + ratable_terms.spread,
                ratable_terms.denominator,
                ratable_terms.minor_unit
            )
        ) AS in_the_end
    FROM ratable_terms
    LEFT JOIN scheduled ON ratable_terms.lot_id = scheduled.lot_id AND scheduled.point = as_of
    WHERE ratable_terms.before IS NULL
    GROUP BY ratable_terms.lot_id
),

-- A purchase counts from its booking on, an amendment from its day, what became of units from the day it did.
known AS (
    SELECT
        movements.contract_id,
        movements.lot_id,
        movements.kind,
        movements.quantity,
        CASE movements.kind WHEN 'waive' THEN -movements.amount WHEN 'grant' THEN movements.amount ELSE 0 END AS price,
        CASE
            WHEN movements.kind IN ('draw', 'lapse') THEN movements.moved_on <= as_of
            ELSE movements.event_id IS NULL OR coalesce(amendments.effective_on, movements.moved_on) <= as_of
        END AS is_known,
        contracts.booked_on <= as_of AS is_booked
    FROM movements
    INNER JOIN contracts ON movements.contract_id = contracts.contract_id
    LEFT JOIN amendments ON movements.event_id = amendments.amendment_id
    WHERE movements.kind IN ('grant', 'waive', 'draw', 'lapse')
),

stood AS (
    SELECT
        known.contract_id,
        known.lot_id,
        coalesce(sum(known.price) FILTER (WHERE known.is_known AND known.is_booked), 0) AS agreed,
        sum(CASE known.kind WHEN 'grant' THEN known.quantity ELSE -known.quantity END)
            FILTER (WHERE known.is_known) AS units_left,
        sum(known.price) AS price_in_the_end
    FROM known
    GROUP BY known.contract_id, known.lot_id
),

-- A transfer takes along what each policy carries of the units (R7.2), the ledger knows what they carry on delivery:
-- what a lot recognises in the end says the difference, which is nil over the contract.
carried AS (
    SELECT
        stood.contract_id,
        stood.lot_id,
        stood.units_left,
        policies.policy AS method,
        unnest(
            CASE
                WHEN policies.policy = lot_policies.policy THEN [policies.policy, 'booked'] ELSE [policies.policy]
            END
        ) AS policy,
        lot_terms.usable_until,
        stood.agreed - coalesce(recognised.by_now, 0) AS amount,
        CASE
            WHEN stood.contract_id IN (
                SELECT amendments.contract_id
                FROM amendments
                WHERE amendments.kind = 'transfer' AND amendments.effective_on <= as_of
            )
                THEN coalesce(recognised.in_the_end, 0) - stood.price_in_the_end
            ELSE 0
        END AS moved
    FROM stood
    CROSS JOIN (SELECT unnest(['ratable', 'on_delivery', 'proportional', 'remote']) AS policy) AS policies
    INNER JOIN lot_terms ON stood.lot_id = lot_terms.lot_id
    INNER JOIN lot_policies ON stood.lot_id = lot_policies.lot_id
    LEFT JOIN recognised ON stood.lot_id = recognised.lot_id AND policies.policy = recognised.policy
),

left_of_lots AS (
    SELECT
        carried.contract_id,
        carried.lot_id,
        carried.units_left,
        carried.method,
        carried.policy,
        carried.usable_until,
        carried.amount + carried.moved
        - CASE
            WHEN row_number() OVER (
                PARTITION BY carried.contract_id, carried.policy
                ORDER BY carried.usable_until DESC NULLS FIRST, carried.lot_id
            ) = 1
                THEN sum(carried.moved) OVER (PARTITION BY carried.contract_id, carried.policy)
            ELSE 0
        END AS amount
    FROM carried
),

-- What is scheduled by each day, within what is left of the lot; what has no day is put after all days.
planned AS (
    SELECT
        left_of_lots.contract_id,
        left_of_lots.lot_id,
        left_of_lots.policy,
        points.point,
        CASE
            WHEN points.point = DATE 'infinity' THEN left_of_lots.amount
            ELSE
                greatest(
                    least(
                        coalesce(scheduled.to_date, 0) - coalesce(now.to_date, 0), greatest(left_of_lots.amount, 0)
                    ),
                    least(left_of_lots.amount, 0)
                )
        END AS to_date
    FROM left_of_lots
    CROSS JOIN points
    LEFT JOIN scheduled ON left_of_lots.lot_id = scheduled.lot_id AND points.point = scheduled.point
    LEFT JOIN scheduled AS now ON left_of_lots.lot_id = now.lot_id AND now.point = as_of
    WHERE left_of_lots.method = 'ratable' AND left_of_lots.amount <> 0
),

by_right AS (
    SELECT
        left_of_lots.contract_id,
        left_of_lots.policy,
        left_of_lots.amount,
        CASE
            WHEN left_of_lots.usable_until IS NOT NULL THEN greatest(in_force.ends_on, lots.grace_until)
        END AS right_ends_on,
        in_force.ends_on AS term_ends_on,
        CASE
            WHEN left_of_lots.units_left > lots.carry_over_cap_quantity AND in_force.ends_on > as_of
                THEN
                    rounded_money(
                        mills(left_of_lots.amount) * units(left_of_lots.units_left - lots.carry_over_cap_quantity),
                        units(left_of_lots.units_left),
                        in_force.minor_unit
                    )
            ELSE 0
        END AS above_cap
    FROM left_of_lots
    INNER JOIN lots ON left_of_lots.lot_id = lots.lot_id
    LEFT JOIN in_force ON left_of_lots.lot_id = in_force.layer_id
    WHERE left_of_lots.method <> 'ratable' AND left_of_lots.amount <> 0
),

ending AS (
    SELECT
        by_right.contract_id,
        by_right.policy,
        unnest([
            CASE WHEN by_right.right_ends_on > as_of THEN by_right.right_ends_on ELSE DATE 'infinity' END,
            by_right.term_ends_on
        ]) AS ends_on,
        unnest([by_right.amount - by_right.above_cap, by_right.above_cap]) AS amount
    FROM by_right
),

lines AS (
    SELECT
        planned.contract_id,
        planned.policy,
        planned.point,
        'schedule' AS basis,
        planned.to_date - lag(planned.to_date, 1, 0) OVER (
            PARTITION BY planned.lot_id, planned.policy ORDER BY planned.point
        ) AS amount
    FROM planned
    UNION ALL
    SELECT
        ending.contract_id,
        ending.policy,
        points.point,
        'end of the right' AS basis,
        ending.amount
    FROM ending
    ASOF INNER JOIN points ON ending.ends_on <= points.point
)

SELECT
    lines.contract_id,
    contracts.currency,
    lines.policy,
    nullif(lines.point, DATE 'infinity') AS band_end,
    lines.basis,
    CAST(sum(lines.amount) AS DECIMAL(18, 3)) AS amount
FROM lines
INNER JOIN contracts ON lines.contract_id = contracts.contract_id
GROUP BY
    lines.contract_id,
    contracts.currency,
    lines.policy,
    lines.point,
    lines.basis
HAVING sum(lines.amount) <> 0;
