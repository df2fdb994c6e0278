SELECT
    person_id,
    lower(opt_out_kind) AS kind,
    opt_out_from AS starts,
    CASE WHEN opt_out_to < opt_out_from THEN NULL ELSE opt_out_to END AS ends,
    file_id,
    source_row
FROM landed_opt_out
