SELECT
    person_id,
    linked_by,
    lower(opt_out_kind) AS kind,
    coalesce(opt_out_from, listed_from) AS starts,
    coalesce(CASE WHEN opt_out_to < opt_out_from THEN NULL ELSE opt_out_to END, listed_to) AS ends,
    file_id,
    source_row
FROM landed_opt_out
