-- The half-width of a total's interval from those of its parts: any two lots are taken to miss together with a
-- correlation of 0.15, so widths add neither fully nor as if lots were independent.
CREATE OR REPLACE MACRO joint_half_width(sum_of_widths, sum_of_squared_widths) AS
    sqrt(0.15 * CAST(sum_of_widths AS DOUBLE) ** 2 + 0.85 * CAST(sum_of_squared_widths AS DOUBLE));
