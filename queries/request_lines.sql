-- Every request with its client, programme and project, how far it has come, and whether its contract can cover it.
--
-- A snapshot knows a request's present status and no earlier one: ask about the day of the snapshot, or open the
-- snapshot of the day. What was delivered counts by its service date.
--
-- Grain:   one row per request made by as_of
-- Order:   requested_on DESC, request_id DESC
-- Reads:   accounts, contracts, programs, projects, request_cover, request_deliveries, requests
-- Rules:   R1.5, R2.1, R2.2
-- Columns:
--   request_id          VARCHAR        the request
--   contract_id         VARCHAR        the contract it draws on
--   account_name        VARCHAR        the client's name
--   owner               VARCHAR        who sees the budget through
--   program_id          VARCHAR        the programme of its project; empty = none
--   program_name        VARCHAR        the programme's name
--   project_id          VARCHAR        the project it became; empty = none yet
--   project_name        VARCHAR        the project's name
--   title               VARCHAR        what was asked for
--   service_type        VARCHAR        the service asked for
--   unit                VARCHAR        unit of the quantities
--   quantity            DECIMAL(18,4)  units asked for
--   status              VARCHAR        requested, approved, scheduled, delivered or declined
--   requested_on        DATE           day it was asked for
--   scheduled_for       DATE           day delivery is planned; empty = not yet
--   waiting_days        BIGINT         days since it was asked for; empty = delivered or declined
--   is_overdue          BOOLEAN        whether it is in flight and its planned day has passed
--   delivered_quantity  DECIMAL(18,4)  units delivered for it, net of reversals
--   delivered_on        DATE           last delivery; empty = none
--   short_quantity      DECIMAL(18,4)  units still to deliver that no lot will cover; empty = delivered or declined
--   cover               VARCHAR        covered or why not, as request_cover says; empty = delivered or declined
CREATE OR REPLACE MACRO request_lines(as_of DATE) AS TABLE
SELECT
    requests.request_id,
    requests.contract_id,
    accounts.name AS account_name,
    contracts.owner,
    programs.program_id,
    programs.name AS program_name,
    requests.project_id,
    projects.name AS project_name,
    requests.title,
    requests.service_type,
    requests.unit,
    requests.quantity,
    requests.status,
    requests.requested_on,
    requests.scheduled_for,
    CASE WHEN request_cover.request_id IS NOT NULL THEN as_of - requests.requested_on END AS waiting_days,
    request_cover.request_id IS NOT NULL AND coalesce(requests.scheduled_for < as_of, FALSE) AS is_overdue,
    coalesce(request_deliveries.delivered_quantity, 0) AS delivered_quantity,
    request_deliveries.last_on AS delivered_on,
    request_cover.short_quantity,
    request_cover.cover
FROM requests
INNER JOIN contracts ON requests.contract_id = contracts.contract_id
INNER JOIN accounts ON contracts.account_id = accounts.account_id
LEFT JOIN projects ON requests.project_id = projects.project_id
LEFT JOIN programs ON projects.program_id = programs.program_id
LEFT JOIN request_cover(as_of) AS request_cover ON requests.request_id = request_cover.request_id
LEFT JOIN request_deliveries(as_of) AS request_deliveries ON requests.request_id = request_deliveries.request_id
WHERE requests.requested_on <= as_of;
