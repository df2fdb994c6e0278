WITH listed AS (
    SELECT
        r.person_id,
        r.general_medical_practice_code_patient_registration AS practice_code,
        greatest(coalesce(r.start_date_gmp_patient_registration, DATE '0001-01-01'), p.birth_month) AS starts,
        least(coalesce(r.end_date_gmp_patient_registration, DATE '9999-12-31'), p.death_date) AS ends,
        r.file_id,
        r.source_row
    FROM landed_register AS r
    INNER JOIN person AS p ON p.person_id = r.person_id
),
possible AS (
    SELECT person_id, practice_code, starts, ends, file_id, source_row
    FROM listed
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
