-- Work asked for and not yet delivered: what is already committed against the balance.
--
-- Grain:   one row per request that is requested, approved or scheduled
-- Order:   contract_id, scheduled_for, requested_on, request_id
-- Reads:   projects, requests
-- Rules:   R9.1
-- Columns:
--   request_id     VARCHAR        the request
--   contract_id    VARCHAR        the contract it will draw on
--   title          VARCHAR        what was asked for
--   project_name   VARCHAR        the project it became; empty = none yet
--   service_type   VARCHAR        the service asked for
--   unit           VARCHAR        unit of quantity
--   quantity       DECIMAL(18,4)  units asked for
--   status         VARCHAR        requested, approved or scheduled
--   requested_on   DATE           day it was asked for
--   scheduled_for  DATE           day delivery is planned; empty = not yet
CREATE OR REPLACE MACRO open_requests(as_of DATE) AS TABLE
SELECT
    requests.request_id,
    requests.contract_id,
    requests.title,
    projects.name AS project_name,
    requests.service_type,
    requests.unit,
    requests.quantity,
    requests.status,
    requests.requested_on,
    requests.scheduled_for
FROM requests
LEFT JOIN projects ON requests.project_id = projects.project_id
WHERE requests.status IN ('requested', 'approved', 'scheduled') AND requests.requested_on <= as_of;
