-- How much of an outcome's own mass lies between two chances: 1 inside, 0 outside, a part where it is an atom across one.
CREATE OR REPLACE MACRO held_share(position, low, high) AS
    CASE
        WHEN len(position) = 1 OR position[2] - position[1] < 0.000000001
            THEN CASE WHEN position[1] BETWEEN low AND high THEN 1.0 ELSE 0.0 END
        ELSE
            greatest(0, least(position[2], high) - greatest(position[1], low)) / (position[2] - position[1])
    END;
