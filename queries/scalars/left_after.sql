-- What each of a row of holdings has left after a wish is met from those that are usable, the first first.
CREATE OR REPLACE MACRO left_after(held, are_usable, wanted) AS
    list_transform(
        held,
        LAMBDA own, place : CASE
            WHEN are_usable[place]
                THEN
                    own - least(
                        own,
                        greatest(
                            0,
                            wanted - coalesce(
                                list_sum(
                                    list_transform(
                                        held[1:place - 1],
                                        LAMBDA earlier, earlier_place :
                                        CASE WHEN are_usable[earlier_place] THEN earlier ELSE 0 END
                                    )
                                ),
                                0
                            )
                        )
                    )
            ELSE own
        END
    );
