-- How many thousandths make the smallest amount a currency can be booked in: 10 for USD, 1,000 for JPY, 1 for KWD.
CREATE OR REPLACE MACRO mills_per_minor_unit(code) AS
    CASE coalesce(minor_digits()[code], 2) WHEN 0 THEN 1000 WHEN 3 THEN 1 ELSE 10 END::HUGEINT;
