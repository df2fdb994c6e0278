WITH held AS (
    SELECT list_id, person_id
    FROM listed_entry
    GROUP BY list_id, person_id
),
counted AS (
    SELECT list_id, count(*) AS people
    FROM held
    GROUP BY list_id
),
coded AS (
    SELECT
        list_id,
        count(*) AS codes,
        CAST(sum(entries) AS BIGINT) AS entries,
        count(*) FILTER (WHERE used_by = 'nobody') AS codes_of_nobody,
        count(*) FILTER (WHERE used_by = 'one practice') AS codes_of_one_practice
    FROM code_use
    GROUP BY list_id
),
grouped AS (
    SELECT list_id, count(*) AS groups
    FROM code_group
    GROUP BY list_id
)
SELECT
    l.list_id,
    l.title,
    l.version,
    l.valid_from,
    l.replaces,
    l.owner,
    l.reviewer,
    l.review_by,
    l.review_by < q.as_at AS review_due,
    l.licence,
    l.source,
    l.about,
    l.origin,
    coalesce(g.groups, 0) AS groups,
    coalesce(c.codes, 0) AS codes,
    coalesce(c.codes_of_nobody, 0) AS codes_of_nobody,
    coalesce(c.codes_of_one_practice, 0) AS codes_of_one_practice,
    coalesce(c.entries, 0) AS entries,
    coalesce(p.people, 0) AS people
FROM code_list AS l
CROSS JOIN place_parameter AS q
LEFT JOIN coded AS c ON c.list_id = l.list_id
LEFT JOIN grouped AS g ON g.list_id = l.list_id
LEFT JOIN counted AS p ON p.list_id = l.list_id
