WITH coded AS (
    SELECT
        a.file_id, a.source_row, a.person_id, a.susspellid, a.admidate,
        coalesce(o.provider_code, a.procode3, a.procodet) AS provider_code,
        -- The first day on which the row no longer knows the person in hospital; what nobody finished went on at the end of its year.
        CASE
            WHEN a.disdate IS NOT NULL THEN greatest(a.disdate, a.admidate + 1)
            WHEN a.epiend IS NULL AND coalesce(a.epistat, '1') <> '3'
                THEN CAST(CAST(date_trunc('year', CAST(greatest(a.admidate, a.epistart) + INTERVAL 9 MONTH AS DATE)) AS DATE) + INTERVAL 3 MONTH AS DATE)
            ELSE greatest(a.admidate, a.epistart, a.epiend) + 1
        END AS left_by
    FROM landed_apc AS a
    LEFT JOIN provider_site AS o ON o.site_code = coalesce(a.procode3, a.procodet)
),
-- A number that stands on more days of admission than one that is used again ever does, such as -1 or 0, is none.
placeholder AS (
    SELECT provider_code, susspellid
    FROM coded
    WHERE susspellid IS NOT NULL
    GROUP BY provider_code, susspellid
    HAVING count(DISTINCT admidate) > 5
),
named AS (
    SELECT c.file_id, c.source_row, c.person_id, c.provider_code, c.admidate, c.left_by, CASE WHEN p.susspellid IS NULL THEN c.susspellid END AS susspellid
    FROM coded AS c
    LEFT JOIN placeholder AS p ON p.susspellid = c.susspellid AND p.provider_code IS NOT DISTINCT FROM c.provider_code
),
-- A row without a number has the only one of its person, provider and day.
numbered AS (
    SELECT
        file_id, source_row, person_id, provider_code, admidate, left_by,
        coalesce(susspellid, CASE
            WHEN person_id IS NOT NULL
                AND min(susspellid) OVER (PARTITION BY person_id, provider_code, admidate)
                = max(susspellid) OVER (PARTITION BY person_id, provider_code, admidate)
                THEN max(susspellid) OVER (PARTITION BY person_id, provider_code, admidate)
        END) AS number
    FROM named
),
-- A row without a person has the only one of its number, provider and day.
owned AS (
    SELECT
        file_id, source_row, provider_code, admidate, left_by, number,
        coalesce(person_id, CASE
            WHEN number IS NOT NULL
                AND min(person_id) OVER (PARTITION BY number, provider_code, admidate)
                = max(person_id) OVER (PARTITION BY number, provider_code, admidate)
                THEN max(person_id) OVER (PARTITION BY number, provider_code, admidate)
        END) AS owner_id
    FROM numbered
),
reached AS (
    SELECT
        file_id, source_row, provider_code, admidate, left_by, number, owner_id,
        max(left_by) OVER (
            PARTITION BY number, provider_code, owner_id ORDER BY admidate NULLS FIRST, file_id NULLS FIRST, source_row NULLS FIRST
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS left_before
    FROM owned
),
stayed AS (
    SELECT
        file_id, source_row, provider_code, admidate, number, owner_id,
        CAST(sum(CASE WHEN admidate < left_before THEN 0 ELSE 1 END) OVER (
            PARTITION BY number, provider_code, owner_id ORDER BY admidate NULLS FIRST, file_id NULLS FIRST, source_row NULLS FIRST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS BIGINT) AS stay
    FROM reached
)
SELECT
    file_id,
    source_row,
    provider_code,
    number AS spell_number,
    CASE
        WHEN number IS NOT NULL AND owner_id IS NOT NULL
            THEN 'spell ' || number || ' ' || CAST(owner_id AS STRING) || ' ' || CAST(stay AS STRING)
        WHEN number IS NOT NULL THEN 'spell ' || number || ' unlinked ' || CAST(admidate AS STRING)
        WHEN owner_id IS NOT NULL THEN 'person ' || CAST(owner_id AS STRING) || ' ' || CAST(admidate AS STRING)
        ELSE 'row ' || CAST(file_id AS STRING) || ' ' || CAST(source_row AS STRING)
    END || ' ' || coalesce(provider_code, '') AS spell
FROM stayed
