-- Work by programme and project: what was asked for, how far it is, and what was delivered with and without a request.
--
-- A snapshot knows a request's present status and no earlier one: ask about the day of the snapshot, or open the
-- snapshot of the day. What was delivered counts by its service date; a reversal without a
-- project belongs to that of the delivery it takes back.
--
-- Grain:   one row per contract, project and unit with a request or a delivery; '(no project)' where there is none
-- Order:   contract_id, project_id, unit
-- Reads:   accounts, consumption, contracts, programs, projects, requests
-- Rules:   R1.5, R4.5
-- Columns:
--   contract_id           VARCHAR        the contract
--   account_name          VARCHAR        the client's name
--   owner                 VARCHAR        who sees the budget through
--   program_id            VARCHAR        the programme it belongs to; empty = none
--   program_name          VARCHAR        the programme's name
--   project_id            VARCHAR        the project, '(no project)' where there is none
--   project_name          VARCHAR        its name
--   unit                  VARCHAR        unit of the quantities; units are never added
--   request_count         BIGINT         requests, declined ones not counted
--   asked_quantity        DECIMAL(18,4)  units asked for, declined ones not counted
--   requested_quantity    DECIMAL(18,4)  of these, waiting for approval
--   approved_quantity     DECIMAL(18,4)  of these, approved
--   scheduled_quantity    DECIMAL(18,4)  of these, scheduled
--   done_quantity         DECIMAL(18,4)  of these, asked for in requests that are delivered
--   for_request_quantity  DECIMAL(18,4)  units delivered that name a request, net of reversals
--   unrequested_quantity  DECIMAL(18,4)  units delivered that name none, net of reversals
--   last_on               DATE           last delivery, reversals not counted; empty = none
CREATE OR REPLACE MACRO requests_by_project(as_of DATE) AS TABLE
WITH work AS (
    SELECT
        requests.contract_id,
        requests.project_id,
        requests.unit,
        requests.status AS kind,
        requests.quantity,
        NULL AS delivered_on
    FROM requests
    WHERE requests.requested_on <= as_of AND requests.status <> 'declined'
    UNION ALL
    SELECT
        consumption.contract_id,
        coalesce(consumption.project_id, taken_back.project_id) AS project_id,
        consumption.unit,
        CASE
            WHEN coalesce(consumption.request_id, taken_back.request_id) IS NULL THEN 'delivery without a request'
            ELSE 'delivery for a request'
        END AS kind,
        consumption.quantity,
        consumption.service_date AS delivered_on
    FROM consumption
    LEFT JOIN consumption AS taken_back ON consumption.reverses = taken_back.consumption_id
    WHERE consumption.service_date <= as_of
),

added_up AS (
    SELECT
        work.contract_id,
        work.project_id,
        work.unit,
        count(*) FILTER (WHERE work.delivered_on IS NULL) AS request_count,
        coalesce(sum(work.quantity) FILTER (WHERE work.delivered_on IS NULL), 0) AS asked,
        coalesce(sum(work.quantity) FILTER (WHERE work.kind = 'requested'), 0) AS requested,
        coalesce(sum(work.quantity) FILTER (WHERE work.kind = 'approved'), 0) AS approved,
        coalesce(sum(work.quantity) FILTER (WHERE work.kind = 'scheduled'), 0) AS scheduled,
        coalesce(sum(work.quantity) FILTER (WHERE work.kind = 'delivered'), 0) AS done,
        coalesce(sum(work.quantity) FILTER (WHERE work.kind = 'delivery for a request'), 0) AS for_request,
        coalesce(sum(work.quantity) FILTER (WHERE work.kind = 'delivery without a request'), 0) AS unrequested,
        max(work.delivered_on) FILTER (WHERE work.quantity > 0) AS last_on
    FROM work
    GROUP BY work.contract_id, work.project_id, work.unit
)

SELECT
    added_up.contract_id,
    accounts.name AS account_name,
    contracts.owner,
    programs.program_id,
    programs.name AS program_name,
    coalesce(added_up.project_id, '(no project)') AS project_id,
    coalesce(projects.name, '(no project)') AS project_name,
    added_up.unit,
    added_up.request_count,
    CAST(added_up.asked AS DECIMAL(18, 4)) AS asked_quantity,
    CAST(added_up.requested AS DECIMAL(18, 4)) AS requested_quantity,
    CAST(added_up.approved AS DECIMAL(18, 4)) AS approved_quantity,
    CAST(added_up.scheduled AS DECIMAL(18, 4)) AS scheduled_quantity,
    CAST(added_up.done AS DECIMAL(18, 4)) AS done_quantity,
    CAST(added_up.for_request AS DECIMAL(18, 4)) AS for_request_quantity,
    CAST(added_up.unrequested AS DECIMAL(18, 4)) AS unrequested_quantity,
    added_up.last_on
FROM added_up
INNER JOIN contracts ON added_up.contract_id = contracts.contract_id
INNER JOIN accounts ON contracts.account_id = accounts.account_id
LEFT JOIN projects ON added_up.project_id = projects.project_id
LEFT JOIN programs ON projects.program_id = programs.program_id;
