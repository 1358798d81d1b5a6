-- Open lots with the money at risk of lapsing: how they stand, what they will leave, the pace that would use them up.
--
-- Grain:   one row per lot open or in grace at as_of
-- Order:   currency, expected_amount DESC, lot_id
-- Reads:   first_lapse, lot_balance, movements, unused_forecast
-- Rules:   R1.2, R1.3, R7.4
-- Columns:
--   lot_id              VARCHAR        the lot
--   contract_id         VARCHAR        its contract
--   account_id          VARCHAR        the client
--   account_name        VARCHAR        the client's name
--   owner               VARCHAR        whom to ask
--   segment             VARCHAR        the client's segment
--   service             VARCHAR        the service line it was sold as
--   currency            VARCHAR        currency of the amounts
--   unit                VARCHAR        unit of the quantities
--   status              VARCHAR        open, or grace: past its term, inside the carry-over
--   valid_from          DATE           first usable day
--   expires_on          DATE           last day of the stated term
--   usable_until        DATE           last usable day; empty = never ends, so nothing is at risk
--   days_left           BIGINT         days of use after as_of; empty = no end
--   lapses_on           DATE           first day on which units lapse: at a carry-over cap the last of the term; empty = never
--   lapses_quantity     DECIMAL(18,4)  units left that lapse then; empty = never
--   granted_quantity    DECIMAL(18,4)  units bought
--   remaining_quantity  DECIMAL(18,4)  units left
--   remaining_amount    DECIMAL(18,3)  their price
--   elapsed_share       DOUBLE         share of the term passed; empty = no end
--   used_share          DOUBLE         share of the units drawn
--   recent_monthly      DECIMAL(18,4)  units drawn a month (30 days) over the last 90 days
--   required_monthly    DECIMAL(18,4)  units a month that would let nothing lapse, then or at the end; empty = no end
--   last_used_on        DATE           last delivery; empty = never used
--   learned_from        BIGINT         ended lots the interval rests on
--   expected_quantity   DECIMAL(18,4)  forecast unused
--   low_quantity        DECIMAL(18,4)  lower end of the 80% interval
--   high_quantity       DECIMAL(18,4)  upper end of the 80% interval
--   lower_quantity      DECIMAL(18,4)  lower end of the 50% interval
--   upper_quantity      DECIMAL(18,4)  upper end of the 50% interval
--   expected_amount     DECIMAL(18,3)  price of the forecast unused units: the money at risk
--   low_amount          DECIMAL(18,3)  lower end of the 80% interval
--   high_amount         DECIMAL(18,3)  upper end of the 80% interval
--   runs_out_chance     DOUBLE         chance that nothing is left before the end, 0 to 1; empty = no end
--   runs_out_on         DATE           the day that would be, in the middle of what is likely
CREATE OR REPLACE MACRO watch_list(as_of DATE) AS TABLE
WITH recent AS (
    SELECT
        movements.lot_id,
        max(movements.moved_on) FILTER (WHERE movements.quantity > 0) AS last_used_on,
        coalesce(sum(movements.quantity) FILTER (WHERE movements.moved_on > as_of - 90), 0) AS drawn_in_90_days
    FROM movements
    WHERE movements.kind = 'draw' AND movements.moved_on <= as_of
    GROUP BY movements.lot_id
)

SELECT
    lot_balance.lot_id,
    lot_balance.contract_id,
    lot_balance.account_id,
    lot_balance.account_name,
    lot_balance.owner,
    lot_balance.segment,
    lot_balance.service,
    lot_balance.currency,
    lot_balance.unit,
    lot_balance.status,
    lot_balance.valid_from,
    lot_balance.expires_on,
    lot_balance.usable_until,
    lot_balance.usable_until - as_of AS days_left,
    first_lapse.lapses_on,
    first_lapse.lapses_quantity,
    lot_balance.granted_quantity,
    lot_balance.remaining_quantity,
    lot_balance.remaining_amount,
    unused_forecast.elapsed_share,
    CAST(lot_balance.drawn_quantity AS DOUBLE) / CAST(lot_balance.granted_quantity AS DOUBLE) AS used_share,
    CAST(coalesce(recent.drawn_in_90_days, 0) / 3 AS DECIMAL(18, 4)) AS recent_monthly,
    CASE
        WHEN lot_balance.usable_until IS NOT NULL
            THEN
                CAST(
                    greatest(
                        lot_balance.remaining_quantity * 30 / greatest(lot_balance.usable_until - as_of, 1),
                        first_lapse.lapses_quantity * 30 / greatest(first_lapse.lapses_on - as_of, 1)
                    ) AS DECIMAL(18, 4)
                )
    END AS required_monthly,
    recent.last_used_on,
    coalesce(unused_forecast.learned_from, 0) AS learned_from,
    coalesce(unused_forecast.expected_quantity, 0) AS expected_quantity,
    coalesce(unused_forecast.low_quantity, 0) AS low_quantity,
    coalesce(unused_forecast.high_quantity, 0) AS high_quantity,
    coalesce(unused_forecast.lower_quantity, 0) AS lower_quantity,
    coalesce(unused_forecast.upper_quantity, 0) AS upper_quantity,
    coalesce(unused_forecast.expected_amount, 0) AS expected_amount,
    coalesce(unused_forecast.low_amount, 0) AS low_amount,
    coalesce(unused_forecast.high_amount, 0) AS high_amount,
    unused_forecast.runs_out_chance,
    unused_forecast.runs_out_on
FROM lot_balance(as_of) AS lot_balance
LEFT JOIN first_lapse(as_of) AS first_lapse ON lot_balance.lot_id = first_lapse.lot_id
LEFT JOIN unused_forecast(as_of) AS unused_forecast ON lot_balance.lot_id = unused_forecast.lot_id
LEFT JOIN recent ON lot_balance.lot_id = recent.lot_id
WHERE lot_balance.status IN ('open', 'grace');
