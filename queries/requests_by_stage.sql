-- How much work stands at each stage from intake to delivery, and how long the oldest has waited; declined work apart.
--
-- A snapshot knows a request's present status and no earlier one: ask about the day of the snapshot, or open the
-- snapshot of the day. What was delivered counts by its service date.
--
-- Grain:   one row per status, programme and unit with a request made by as_of
-- Order:   stage, unit, program_id
-- Reads:   projects, request_deliveries, requests
-- Rules:   R1.5
-- Columns:
--   stage                BIGINT         place in the course: 1 requested to 4 delivered, 5 declined
--   status               VARCHAR        requested, approved, scheduled, delivered or declined
--   program_id           VARCHAR        the programme of the requests' projects; empty = none
--   unit                 VARCHAR        unit of the quantities; units are never added
--   request_count        BIGINT         requests
--   asked_quantity       DECIMAL(18,4)  units asked for
--   delivered_quantity   DECIMAL(18,4)  units delivered for them, net of reversals
--   oldest_requested_on  DATE           day the oldest was asked for
--   oldest_waiting_days  BIGINT         days the oldest has waited; empty = delivered or declined
--   overdue_count        BIGINT         requests in flight whose planned day has passed
CREATE OR REPLACE MACRO requests_by_stage(as_of DATE) AS TABLE
WITH staged AS (
    SELECT
        list_position(['requested', 'approved', 'scheduled', 'delivered', 'declined'], requests.status) AS stage,
        requests.status,
        projects.program_id,
        requests.unit,
        requests.quantity,
        requests.requested_on,
        requests.status IN ('requested', 'approved', 'scheduled') AS is_in_flight,
        is_in_flight AND coalesce(requests.scheduled_for < as_of, FALSE) AS is_overdue,
        request_deliveries.delivered_quantity
    FROM requests
    LEFT JOIN projects ON requests.project_id = projects.project_id
    LEFT JOIN request_deliveries(as_of) AS request_deliveries ON requests.request_id = request_deliveries.request_id
    WHERE requests.requested_on <= as_of
)

SELECT
    CAST(staged.stage AS BIGINT) AS stage,
    staged.status,
    staged.program_id,
    staged.unit,
    count(*) AS request_count,
    CAST(sum(staged.quantity) AS DECIMAL(18, 4)) AS asked_quantity,
    CAST(coalesce(sum(staged.delivered_quantity), 0) AS DECIMAL(18, 4)) AS delivered_quantity,
    min(staged.requested_on) AS oldest_requested_on,
    max(as_of - staged.requested_on) FILTER (WHERE staged.is_in_flight) AS oldest_waiting_days,
    count(*) FILTER (WHERE staged.is_overdue) AS overdue_count
FROM staged
GROUP BY staged.stage, staged.status, staged.program_id, staged.unit;
