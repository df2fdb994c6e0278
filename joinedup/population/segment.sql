SELECT
    model_id,
    segment_id,
    segment_order,
    title,
    about,
    otherwise,
    model_order,
    model_title,
    model_about,
    version,
    owner,
    source,
    origin
FROM segment_about
