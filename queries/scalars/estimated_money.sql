-- An estimate, which is a DOUBLE, as money of a currency: to the smallest amount it can be booked in, given in
-- thousandths.
CREATE OR REPLACE MACRO estimated_money(amount, minor_unit) AS
    rounded_money(CAST(round(amount * 1000) AS HUGEINT), 1, minor_unit);
