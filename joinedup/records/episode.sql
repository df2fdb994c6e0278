WITH named AS (
    SELECT
        s.file_id,
        s.source_row,
        s.provider_code,
        s.spell_number,
        s.spell,
        CASE WHEN a.epiorder < 98 THEN a.epiorder END AS order_given,
        coalesce(a.epistat = '3', a.epiend IS NOT NULL) AS finished,
        a.person_id, a.linked_by, a.admidate, a.admimeth, a.classpat, a.epitype, a.tretspef, a.epistart, a.epiend, a.epidur,
        a.disreadydate, a.disdate, a.dismeth, a.final_price_pence
    FROM landed_apc AS a
    INNER JOIN episode_spell AS s ON s.file_id = a.file_id AND s.source_row = a.source_row
),
-- Extracts by year have an episode over the year's end twice, or more often; two files may have a finished one under two keys.
repeated AS (
    SELECT DISTINCT u.file_id, u.source_row
    FROM named AS u
    INNER JOIN named AS f
        ON f.spell = u.spell
        AND f.epistart = u.epistart
        AND coalesce(f.order_given, 98) = coalesce(u.order_given, 98)
    WHERE
        (f.finished AND NOT u.finished)
        OR (f.file_id > u.file_id AND NOT f.finished AND NOT u.finished)
        OR (
            f.file_id > u.file_id AND f.finished AND u.finished
            AND u.spell_number IS NOT NULL
            AND (u.order_given IS NOT NULL OR f.epiend = u.epiend)
        )
)
SELECT
    min(CAST(n.file_id AS BIGINT) * 10000000000 + n.source_row) OVER (PARTITION BY n.spell) AS activity_id,
    CAST(row_number() OVER (
        PARTITION BY n.spell
        ORDER BY n.order_given NULLS LAST, n.epistart NULLS LAST, n.file_id NULLS LAST, n.source_row NULLS LAST
    ) AS INTEGER) AS episode_order,
    n.file_id,
    n.source_row,
    n.person_id,
    n.linked_by,
    n.provider_code,
    n.admidate AS admitted_on,
    n.admimeth AS admission_method,
    n.classpat AS patient_class,
    n.epitype AS episode_type,
    n.tretspef AS treatment_specialty,
    n.epistart AS starts,
    n.epiend AS ends,
    CASE WHEN n.epidur >= 0 THEN n.epidur ELSE CAST(n.epiend - n.epistart AS INTEGER) END AS days,
    n.finished,
    n.disreadydate AS ready_on,
    n.disdate AS discharged_on,
    n.dismeth AS discharge_method,
    n.final_price_pence AS price_pence
FROM named AS n
WHERE NOT EXISTS (SELECT 1 FROM repeated AS r WHERE r.file_id = n.file_id AND r.source_row = n.source_row)
