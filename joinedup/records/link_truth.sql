SELECT
    decided_by,
    characteristic,
    group_value,
    correct,
    wrong,
    missed,
    of_strangers,
    strangers_linked,
    CAST(correct AS DOUBLE) / nullif(correct + wrong + strangers_linked, 0) AS link_precision,
    CAST(correct AS DOUBLE) / nullif(correct + wrong + missed, 0) AS recall
FROM linkage_truth
