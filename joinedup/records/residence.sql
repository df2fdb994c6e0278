WITH lived AS (
    SELECT
        r.person_id,
        r.lsoa_of_residence AS area_code,
        r.care_home_indicator,
        r.lsoa_of_residence || coalesce(r.care_home_indicator, '') AS address,
        greatest(
            coalesce(r.version_from, r.start_date_residence, r.start_date_gmp_patient_registration, r.listed_from, DATE '0001-01-01'),
            p.birth_month
        ) AS starts,
        least(coalesce(r.end_date_residence, DATE '9999-12-31'), r.version_to, r.listed_to, p.death_date) AS ends,
        r.file_id,
        r.source_row
    FROM landed_register AS r
    INNER JOIN person AS p ON p.person_id = r.person_id
    WHERE r.lsoa_of_residence IS NOT NULL
),
possible AS (
    SELECT person_id, area_code, care_home_indicator, address, starts, ends, file_id, source_row
    FROM lived
    WHERE starts < ends
),
-- Most people have one row; only the others need putting in order.
several AS (
    SELECT person_id
    FROM possible GROUP BY person_id HAVING count(*) > 1
),
lasting AS (
    SELECT
        p.person_id, p.area_code, p.care_home_indicator, p.address, p.starts, p.file_id, p.source_row,
        max(p.ends) OVER (
            PARTITION BY p.person_id, p.address
            ORDER BY p.starts NULLS LAST, p.file_id NULLS LAST, p.source_row NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS ends
    FROM possible AS p
    INNER JOIN several AS s ON s.person_id = p.person_id
),
cut AS (
    -- The later start ends the earlier stay; of two that start on one day the one that lasts longer stays.
    SELECT
        person_id, area_code, care_home_indicator, address, starts, file_id, source_row,
        least(ends, lead(starts) OVER (
            PARTITION BY person_id
            ORDER BY starts NULLS LAST, ends NULLS LAST, address NULLS LAST, file_id NULLS LAST, source_row NULLS LAST
        )) AS ends
    FROM lasting
),
before AS (
    SELECT
        person_id, area_code, care_home_indicator, address, starts, ends, file_id, source_row,
        lag(address) OVER (PARTITION BY person_id ORDER BY starts NULLS LAST, file_id NULLS LAST, source_row NULLS LAST) AS address_before,
        lag(ends) OVER (PARTITION BY person_id ORDER BY starts NULLS LAST, file_id NULLS LAST, source_row NULLS LAST) AS ended_before
    FROM cut
    WHERE starts < ends
),
numbered AS (
    SELECT
        person_id, area_code, care_home_indicator, address, starts, ends,
        count(*) FILTER (WHERE address_before IS NULL OR address_before <> address OR ended_before < starts) OVER (
            PARTITION BY person_id ORDER BY starts NULLS LAST, file_id NULLS LAST, source_row NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stay
    FROM before
),
together AS (
    SELECT person_id, area_code, care_home_indicator, min(starts) AS starts, max(ends) AS ends
    FROM numbered
    GROUP BY person_id, area_code, care_home_indicator, address, stay
    UNION ALL
    SELECT p.person_id, p.area_code, p.care_home_indicator, p.starts, p.ends
    FROM possible AS p
    WHERE NOT EXISTS (SELECT 1 FROM several AS s WHERE s.person_id = p.person_id)
)
SELECT
    person_id,
    area_code,
    CASE care_home_indicator WHEN 'Y' THEN TRUE WHEN 'N' THEN FALSE END AS care_home,
    nullif(starts, DATE '0001-01-01') AS starts,
    nullif(ends, DATE '9999-12-31') AS ends
FROM together
