-- The exact ratio numerator / denominator, in thousandths of a currency, as money: half-up to the smallest amount the
-- currency can be booked in, given in thousandths too (R10.2; 10 for USD, 1,000 for JPY, 1 for KWD).
CREATE OR REPLACE MACRO rounded_money(numerator, denominator, minor_unit) AS
    money_from_mills(round_half_up(numerator, denominator * minor_unit) * minor_unit);
