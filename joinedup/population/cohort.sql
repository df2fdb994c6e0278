SELECT
    cohort_id,
    cohort_order,
    title,
    about,
    index_meaning,
    version,
    owner,
    source,
    origin
FROM cohort_about
