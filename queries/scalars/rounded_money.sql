-- The exact ratio numerator / denominator, in thousandths, as money of a currency: half-up to its minor unit (R10.2).
CREATE OR REPLACE MACRO rounded_money(numerator, denominator, code) AS
    money_from_mills(
        round_half_up(numerator, denominator * mills_per_minor_unit(code)) * mills_per_minor_unit(code)
    );
