WITH listed AS (
    SELECT
        r.person_id,
        r.general_medical_practice_code_patient_registration AS practice_code,
        greatest(coalesce(r.start_date_gmp_patient_registration, r.listed_from, DATE '0001-01-01'), p.birth_month) AS starts,
        least(coalesce(r.end_date_gmp_patient_registration, DATE '9999-12-31'), r.listed_to, p.death_date) AS ends,
        r.file_id,
        r.source_row
    FROM landed_register AS r
    INNER JOIN person AS p ON p.person_id = r.person_id
    WHERE r.version_to IS NULL
),
practice_succession AS (
    SELECT code, successor_code, starts, ends
    FROM place_succession
    WHERE kind = 'practice'
),
closing AS (
    SELECT code, min(starts) AS closed
    FROM practice_succession GROUP BY code
),
mapped AS (
    SELECT l.person_id, l.practice_code, l.starts, least(l.ends, c.closed) AS ends, l.file_id, l.source_row
    FROM listed AS l
    LEFT JOIN closing AS c ON c.code = l.practice_code
    UNION ALL
    -- Who is still listed under the code of a practice that was taken over is registered with the one that did.
    SELECT
        l.person_id,
        s.successor_code,
        greatest(l.starts, s.starts),
        least(l.ends, s.ends),
        l.file_id,
        l.source_row
    FROM listed AS l
    INNER JOIN practice_succession AS s ON s.code = l.practice_code
),
possible AS (
    SELECT person_id, practice_code, starts, ends, file_id, source_row
    FROM mapped
    WHERE starts < ends
),
-- Most people have one row; only the others need putting in order.
several AS (
    SELECT person_id
    FROM possible GROUP BY person_id HAVING count(*) > 1
),
lasting AS (
    -- A row inside a longer spell of the same practice lasts as long as that one.
    SELECT
        p.person_id, p.practice_code, p.starts, p.file_id, p.source_row,
        max(p.ends) OVER (
            PARTITION BY p.person_id, p.practice_code
            ORDER BY p.starts NULLS LAST, p.file_id NULLS LAST, p.source_row NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS ends
    FROM possible AS p
    INNER JOIN several AS s ON s.person_id = p.person_id
),
cut AS (
    -- The later start ends the earlier spell; of two that start on one day the one that lasts longer stays.
    SELECT
        person_id, practice_code, starts, file_id, source_row,
        least(ends, lead(starts) OVER (
            PARTITION BY person_id
            ORDER BY starts NULLS LAST, ends NULLS LAST, practice_code NULLS LAST, file_id NULLS LAST, source_row NULLS LAST
        )) AS ends
    FROM lasting
),
before AS (
    SELECT
        person_id, practice_code, starts, ends, file_id, source_row,
        lag(practice_code) OVER (PARTITION BY person_id ORDER BY starts NULLS LAST, file_id NULLS LAST, source_row NULLS LAST) AS practice_before,
        lag(ends) OVER (PARTITION BY person_id ORDER BY starts NULLS LAST, file_id NULLS LAST, source_row NULLS LAST) AS ended_before
    FROM cut
    WHERE starts < ends
),
numbered AS (
    SELECT
        person_id, practice_code, starts, ends,
        count(*) FILTER (WHERE practice_before IS NULL OR practice_before <> practice_code OR ended_before < starts) OVER (
            PARTITION BY person_id
            ORDER BY starts NULLS LAST, file_id NULLS LAST, source_row NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS spell
    FROM before
),
together AS (
    SELECT person_id, practice_code, min(starts) AS starts, max(ends) AS ends
    FROM numbered
    GROUP BY person_id, practice_code, spell
    UNION ALL
    SELECT p.person_id, p.practice_code, p.starts, p.ends
    FROM possible AS p
    WHERE NOT EXISTS (SELECT 1 FROM several AS s WHERE s.person_id = p.person_id)
)
SELECT
    person_id,
    practice_code,
    nullif(starts, DATE '0001-01-01') AS starts,
    nullif(ends, DATE '9999-12-31') AS ends
FROM together
