WITH in_force AS (
    SELECT DISTINCT o.person_id, o.kind
    FROM objection AS o
    CROSS JOIN place_parameter AS q
    WHERE o.person_id IS NOT NULL
        AND coalesce(q.as_at < o.ends, TRUE)
),
effect AS (
    SELECT purpose, kind, keeps_back FROM objection_effect
    UNION ALL
    SELECT DISTINCT purpose, 'any', 'everything' FROM objection_effect WHERE keeps_back = 'everything'
),
person_effect AS (
    SELECT f.person_id, e.purpose, e.kind
    FROM in_force AS f
    INNER JOIN objection_effect AS e ON e.kind = f.kind
    UNION ALL
    SELECT DISTINCT f.person_id, e.purpose, 'any'
    FROM in_force AS f
    INNER JOIN objection_effect AS e ON e.kind = f.kind
    WHERE e.keeps_back = 'everything'
),
listed AS (
    SELECT
        person_id,
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        -- Nothing joins to a group that isn't known, so it gets numbers of its own here.
        coalesce(deprivation_fifth, 0) AS fifth,
        CASE WHEN age IS NULL THEN -1 WHEN age >= 90 THEN 18 ELSE CAST(floor(age / 5) AS INTEGER) END AS band
    FROM listed_person
),
registered AS (
    SELECT area_type, area_id, fifth, band, count(*) AS people
    FROM listed
    GROUP BY area_type, area_id, fifth, band
),
removed AS (
    SELECT l.area_type, l.area_id, l.fifth, l.band, p.purpose, p.kind, count(*) AS people
    FROM listed AS l
    INNER JOIN person_effect AS p ON p.person_id = l.person_id
    GROUP BY l.area_type, l.area_id, l.fifth, l.band, p.purpose, p.kind
),
counted AS (
    SELECT e.purpose, e.kind, e.keeps_back, r.area_type, r.area_id, r.fifth, r.band, r.people AS registered, coalesce(m.people, 0) AS removed
    FROM registered AS r
    CROSS JOIN effect AS e
    LEFT JOIN removed AS m
        ON m.area_type = r.area_type
        AND m.area_id = r.area_id
        AND m.fifth = r.fifth
        AND m.band = r.band
        AND m.purpose = e.purpose
        AND m.kind = e.kind
),
by_area AS (
    SELECT purpose, kind, keeps_back, area_type, area_id, fifth, band, registered, removed FROM counted
    UNION ALL
    SELECT purpose, kind, keeps_back, 'place', 'place', fifth, band, CAST(sum(registered) AS BIGINT), CAST(sum(removed) AS BIGINT)
    FROM counted
    GROUP BY purpose, kind, keeps_back, fifth, band
)
SELECT
    a.purpose,
    a.kind,
    a.keeps_back,
    a.area_type,
    a.area_id,
    nullif(a.fifth, 0) AS deprivation_fifth,
    b.age_band,
    b.age_band_order,
    a.registered,
    a.removed,
    CAST(a.removed AS DOUBLE) / nullif(a.registered, 0) AS share
FROM by_area AS a
LEFT JOIN age_band AS b ON b.age_band_order = a.band
