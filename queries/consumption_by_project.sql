-- What each contract's units were used for, by project.
--
-- Grain:   one row per contract, project and unit; deliveries without a project under '(no project)'
-- Order:   contract_id, delivered_quantity DESC, project_id, unit
-- Reads:   consumption, programs, projects
-- Rules:   R1.5
-- Columns:
--   contract_id         VARCHAR        the contract
--   project_id          VARCHAR        the project, '(no project)' where there is none
--   project_name        VARCHAR        its name
--   program_name        VARCHAR        the programme it belongs to; empty = none
--   unit                VARCHAR        unit of delivered_quantity
--   delivery_count      BIGINT         delivery lines, reversals not counted
--   delivered_quantity  DECIMAL(18,4)  units delivered, net of reversals
--   first_on            DATE           first delivery
--   last_on             DATE           last delivery
CREATE OR REPLACE MACRO consumption_by_project(as_of DATE) AS TABLE
SELECT
    consumption.contract_id,
    coalesce(projects.project_id, '(no project)') AS project_id,
    coalesce(projects.name, '(no project)') AS project_name,
    programs.name AS program_name,
    consumption.unit,
    count(*) FILTER (WHERE consumption.quantity > 0) AS delivery_count,
    CAST(sum(consumption.quantity) AS DECIMAL(18, 4)) AS delivered_quantity,
    min(consumption.service_date) AS first_on,
    max(consumption.service_date) AS last_on
FROM consumption
LEFT JOIN projects ON consumption.project_id = projects.project_id
LEFT JOIN programs ON projects.program_id = programs.program_id
WHERE consumption.service_date <= as_of
GROUP BY
    consumption.contract_id,
    coalesce(projects.project_id, '(no project)'),
    coalesce(projects.name, '(no project)'),
    programs.name,
    consumption.unit;
