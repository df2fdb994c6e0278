WITH had AS (
    SELECT
        s.model_id,
        s.segment_id,
        p.neighbourhood_id,
        s.year_starts,
        count(*) AS people,
        count(*) FILTER (WHERE s.rules_not_known > 0) AS not_sure,
        CAST(sum(p.person_days) AS BIGINT) AS person_days,
        CAST(sum(p.cost_pence) AS BIGINT) AS cost_pence,
        CAST(sum(p.emergency_admissions) AS BIGINT) AS emergency_admissions
    FROM person_segment AS s
    INNER JOIN person_year AS p ON p.person_id = s.person_id AND p.year_starts = s.year_starts
    GROUP BY s.model_id, s.segment_id, p.neighbourhood_id, s.year_starts
)
SELECT
    model_id,
    segment_id,
    CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
    coalesce(neighbourhood_id, 'none') AS area_id,
    year_starts,
    people,
    not_sure,
    person_days,
    cost_pence,
    emergency_admissions
FROM had
UNION ALL
SELECT
    model_id,
    segment_id,
    'place',
    'place',
    year_starts,
    CAST(sum(people) AS BIGINT),
    CAST(sum(not_sure) AS BIGINT),
    CAST(sum(person_days) AS BIGINT),
    CAST(sum(cost_pence) AS BIGINT),
    CAST(sum(emergency_admissions) AS BIGINT)
FROM had
GROUP BY model_id, segment_id, year_starts
