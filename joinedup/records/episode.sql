WITH named AS (
    SELECT
        file_id,
        source_row,
        coalesce(o.provider_code, a.procode3, a.procodet) AS provider_code,
        CASE
            WHEN susspellid IS NOT NULL THEN 'spell ' || susspellid
            WHEN person_id IS NOT NULL THEN 'person ' || CAST(person_id AS STRING) || ' ' || CAST(admidate AS STRING)
            ELSE 'row ' || CAST(file_id AS STRING) || ' ' || CAST(source_row AS STRING)
        END || ' ' || coalesce(o.provider_code, a.procode3, a.procodet, '') AS spell,
        CASE WHEN epiorder < 98 THEN epiorder END AS order_given,
        coalesce(epistat = '3', epiend IS NOT NULL) AS finished,
        person_id, linked_by, admidate, admimeth, classpat, epitype, tretspef, epistart, epiend, epidur,
        disreadydate, disdate, dismeth, final_price_pence
    FROM landed_apc AS a
    LEFT JOIN provider_site AS o ON o.site_code = coalesce(a.procode3, a.procodet)
),
-- Extracts by year have an episode over the year's end twice: unfinished, and finished in the next year.
repeated AS (
    SELECT DISTINCT u.file_id, u.source_row
    FROM named AS u
    INNER JOIN named AS f
        ON f.spell = u.spell
        AND f.epistart = u.epistart
        AND coalesce(f.order_given, 98) = coalesce(u.order_given, 98)
    WHERE f.finished AND NOT u.finished
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
