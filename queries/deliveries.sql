-- What was delivered in a span of days: for what, by whom, on which lots, and what no lot covered.
--
-- A line counts on its service date, whenever it was posted (R1.5); the reversal of a line is a line of its own:
-- it mirrors the departments of the line it takes back, and its project and request where it names none itself.
--
-- Grain:   one row per delivery line, or reversal of one, served from first_day to last_day
-- Order:   service_date, posted_on, consumption_id
-- Reads:   accounts, consumption, consumption_departments, contracts, draws, overage, programs, projects, requests
-- Rules:   R1.5, R2.4, R4.5, R9.1, R9.2, R12.1
-- Columns:
--   consumption_id    VARCHAR        the delivery line
--   contract_id       VARCHAR        the contract it draws on
--   account_id        VARCHAR        the client
--   account_name      VARCHAR        the client's name
--   owner             VARCHAR        who sees the budget through
--   service_date      DATE           day of delivery
--   posted_on         DATE           day the line became known
--   service_type      VARCHAR        what was delivered
--   project_name      VARCHAR        the project it was done for; empty = none
--   program_name      VARCHAR        the programme of the project; empty = none
--   request_title     VARCHAR        the request it answers; empty = none
--   departments       VARCHAR        who delivered it, with their shares where they are several; empty = not said
--   reverses          VARCHAR        the delivery line taken back; empty = none
--   unit              VARCHAR        unit of the quantities
--   quantity          DECIMAL(18,4)  units delivered; negative = taken back
--   drawn_quantity    DECIMAL(18,4)  of them drawn on lots
--   overage_quantity  DECIMAL(18,4)  of them beyond the lots
--   lots_drawn        VARCHAR        the lots drawn; empty = none
--   currency          VARCHAR        currency of the amounts
--   drawn_amount      DECIMAL(18,3)  price of the units drawn
--   overage_amount    DECIMAL(18,3)  price of the units beyond the lots; nil where no rate is agreed
--   overage_status    VARCHAR        billable (a rate is agreed) or unpriced; empty = within the lots
CREATE OR REPLACE MACRO deliveries(first_day DATE, last_day DATE) AS TABLE
WITH served AS (
    SELECT
        consumption.consumption_id,
        consumption.contract_id,
        consumption.service_date,
        consumption.posted_on,
        consumption.service_type,
        coalesce(consumption.project_id, taken_back.project_id) AS project_id,
        coalesce(consumption.request_id, taken_back.request_id) AS request_id,
        consumption.reverses,
        consumption.unit,
        consumption.quantity
    FROM consumption
    LEFT JOIN consumption AS taken_back ON consumption.reverses = taken_back.consumption_id
    WHERE consumption.service_date BETWEEN first_day AND last_day
),

drawn AS (
    SELECT
        draws.consumption_id,
        string_agg(DISTINCT draws.lot_id, ', ' ORDER BY draws.lot_id) AS lots_drawn,
        sum(draws.quantity) AS quantity,
        sum(draws.amount) AS amount
    FROM draws
    WHERE draws.service_date BETWEEN first_day AND last_day
    GROUP BY draws.consumption_id
),

beyond AS (
    SELECT
        overage.consumption_id,
        min(overage.status) AS status,
        sum(overage.quantity) AS quantity,
        sum(overage.revenue) AS amount
    FROM overage
    WHERE overage.service_date BETWEEN first_day AND last_day
    GROUP BY overage.consumption_id
),

shared AS (
    SELECT
        consumption_departments.consumption_id,
        consumption_departments.department,
        consumption_departments.share,
        rtrim(rtrim(CAST(CAST(consumption_departments.share * 100 AS DECIMAL(18, 2)) AS VARCHAR), '0'), '.') AS percent
    FROM consumption_departments
    SEMI JOIN served ON consumption_departments.consumption_id = coalesce(served.reverses, served.consumption_id)
),

delivered_by AS (
    SELECT
        shared.consumption_id,
        string_agg(
            CASE WHEN shared.share = 1 THEN shared.department ELSE shared.department || ' ' || shared.percent || '%' END,
            ', '
            ORDER BY shared.share DESC, shared.department
        ) AS departments
    FROM shared
    GROUP BY shared.consumption_id
)

SELECT
    served.consumption_id,
    served.contract_id,
    contracts.account_id,
    accounts.name AS account_name,
    contracts.owner,
    served.service_date,
    served.posted_on,
    served.service_type,
    projects.name AS project_name,
    programs.name AS program_name,
    requests.title AS request_title,
    delivered_by.departments,
    served.reverses,
    served.unit,
    served.quantity,
    CAST(coalesce(drawn.quantity, 0) AS DECIMAL(18, 4)) AS drawn_quantity,
    CAST(coalesce(beyond.quantity, 0) AS DECIMAL(18, 4)) AS overage_quantity,
    drawn.lots_drawn,
    contracts.currency,
    CAST(coalesce(drawn.amount, 0) AS DECIMAL(18, 3)) AS drawn_amount,
    CAST(coalesce(beyond.amount, 0) AS DECIMAL(18, 3)) AS overage_amount,
    beyond.status AS overage_status
FROM served
INNER JOIN contracts ON served.contract_id = contracts.contract_id
INNER JOIN accounts ON contracts.account_id = accounts.account_id
LEFT JOIN drawn ON served.consumption_id = drawn.consumption_id
LEFT JOIN beyond ON served.consumption_id = beyond.consumption_id
LEFT JOIN delivered_by ON coalesce(served.reverses, served.consumption_id) = delivered_by.consumption_id
LEFT JOIN projects ON served.project_id = projects.project_id
LEFT JOIN programs ON projects.program_id = programs.program_id
LEFT JOIN requests ON served.request_id = requests.request_id;
