-- What part_quantity of a lot is worth at the lot's own unit price, rounded once (R4.1, R10.1).
CREATE OR REPLACE MACRO price_of_units(lot_amount, lot_quantity, part_quantity, minor_unit) AS
    rounded_money(mills(lot_amount) * units(part_quantity), units(lot_quantity), minor_unit);
