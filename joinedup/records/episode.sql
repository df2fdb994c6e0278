WITH named AS (
    SELECT
        file_id,
        source_row,
        left(coalesce(procode3, procodet), 3) AS provider_code,
        CASE
            WHEN susspellid IS NOT NULL THEN 'spell ' || susspellid
            WHEN person_id IS NOT NULL THEN 'person ' || CAST(person_id AS STRING) || ' ' || CAST(admidate AS STRING)
            ELSE 'row ' || CAST(file_id AS STRING) || ' ' || CAST(source_row AS STRING)
        END || ' ' || coalesce(left(coalesce(procode3, procodet), 3), '') AS spell,
        CASE WHEN epiorder < 98 THEN epiorder END AS order_given,
        person_id, linked_by, admidate, admimeth, classpat, epitype, tretspef, epistart, epiend, epidur, epistat,
        disreadydate, disdate, dismeth, final_price_pence
    FROM landed_apc
)
SELECT
    min(CAST(file_id AS BIGINT) * 10000000000 + source_row) OVER (PARTITION BY spell) AS activity_id,
    CAST(row_number() OVER (
        PARTITION BY spell
        ORDER BY order_given NULLS LAST, epistart NULLS LAST, file_id NULLS LAST, source_row NULLS LAST
    ) AS INTEGER) AS episode_order,
    file_id,
    source_row,
    person_id,
    linked_by,
    provider_code,
    admidate AS admitted_on,
    admimeth AS admission_method,
    classpat AS patient_class,
    epitype AS episode_type,
    tretspef AS treatment_specialty,
    epistart AS starts,
    epiend AS ends,
    coalesce(epidur, CAST(epiend - epistart AS INTEGER)) AS days,
    coalesce(epistat = '3', epiend IS NOT NULL) AS finished,
    disreadydate AS ready_on,
    disdate AS discharged_on,
    dismeth AS discharge_method,
    final_price_pence AS price_pence
FROM named
