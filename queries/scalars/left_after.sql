-- What each of a row of holdings has left after a wish is met from those with a place, in the order of their places.
CREATE OR REPLACE MACRO left_after(held, places, wanted) AS
    list_transform(
        held,
        LAMBDA own, own_index : CASE
            WHEN places[own_index] IS NULL THEN own
            ELSE
                own - least(
                    own,
                    greatest(
                        0,
                        wanted - list_sum(
                            list_transform(
                                held,
                                LAMBDA other, other_index :
                                CASE WHEN places[other_index] < places[own_index] THEN other ELSE 0 END
                            )
                        )
                    )
                )
        END
    );
