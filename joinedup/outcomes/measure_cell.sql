WITH counted AS (
    SELECT
        f.line_id, f.month, f.neighbourhood_id, f.practice_code, f.pcn_code, f.ward_code,
        f.sex, f.age_band_order, f.ethnic_group, f.deprivation_fifth, f.segment_id,
        f.each_amount, f.events, f.amount, f.amount_squares
    FROM measure_fine AS f
    LEFT JOIN line_basis AS b
        ON b.line_id = f.line_id AND b.provider_code = coalesce(f.provider_code, 'none') AND b.month = f.month
    WHERE coalesce(b.known, TRUE)
),
asked AS (
    SELECT line_id, breakdown FROM measure_cut GROUP BY line_id, breakdown
),
-- Groups first, areas afterwards: of each kind of area few rows are left to add up.
by_group AS (
    SELECT
        c.line_id, c.month, c.neighbourhood_id, c.practice_code, c.pcn_code, c.ward_code, a.breakdown,
        CASE a.breakdown
            WHEN 'all' THEN 'all'
            WHEN 'sex' THEN coalesce(c.sex, '')
            WHEN 'age' THEN coalesce(CAST(c.age_band_order AS STRING), '')
            WHEN 'ethnic_group' THEN coalesce(c.ethnic_group, '')
            WHEN 'deprivation' THEN coalesce(CAST(c.deprivation_fifth AS STRING), '')
            WHEN 'segment' THEN coalesce(c.segment_id, '')
            WHEN 'age_sex' THEN coalesce(c.sex, '') || '|' || coalesce(CAST(c.age_band_order AS STRING), '')
            ELSE coalesce(c.sex, '') || '|' || coalesce(CAST(c.age_band_order AS STRING), '') || '|' || coalesce(CAST(c.deprivation_fifth AS STRING), '')
        END AS group_value,
        c.each_amount,
        CAST(sum(c.events) AS BIGINT) AS events,
        CAST(sum(c.amount) AS BIGINT) AS amount,
        CAST(sum(c.amount_squares) AS BIGINT) AS amount_squares
    FROM counted AS c
    INNER JOIN asked AS a ON a.line_id = c.line_id
    GROUP BY
        c.line_id, c.month, c.neighbourhood_id, c.practice_code, c.pcn_code, c.ward_code, a.breakdown,
        CASE a.breakdown
            WHEN 'all' THEN 'all'
            WHEN 'sex' THEN coalesce(c.sex, '')
            WHEN 'age' THEN coalesce(CAST(c.age_band_order AS STRING), '')
            WHEN 'ethnic_group' THEN coalesce(c.ethnic_group, '')
            WHEN 'deprivation' THEN coalesce(CAST(c.deprivation_fifth AS STRING), '')
            WHEN 'segment' THEN coalesce(c.segment_id, '')
            WHEN 'age_sex' THEN coalesce(c.sex, '') || '|' || coalesce(CAST(c.age_band_order AS STRING), '')
            ELSE coalesce(c.sex, '') || '|' || coalesce(CAST(c.age_band_order AS STRING), '') || '|' || coalesce(CAST(c.deprivation_fifth AS STRING), '')
        END,
        c.each_amount
),
by_area AS (
    SELECT g.line_id, g.month, t.area_type, g.breakdown, g.group_value, g.each_amount, g.events, g.amount, g.amount_squares,
        CASE t.area_type
            WHEN 'place' THEN 'place'
            WHEN 'neighbourhood' THEN g.neighbourhood_id
            WHEN 'none' THEN CASE WHEN g.neighbourhood_id IS NULL THEN 'none' END
            WHEN 'practice' THEN g.practice_code
            WHEN 'pcn' THEN g.pcn_code
            WHEN 'ward' THEN g.ward_code
        END AS area_id
    FROM by_group AS g
    INNER JOIN measure_cut AS t ON t.line_id = g.line_id AND t.breakdown = g.breakdown
)
SELECT
    line_id,
    month,
    area_type,
    area_id,
    breakdown,
    group_value,
    each_amount,
    CAST(sum(events) AS BIGINT) AS events,
    CAST(sum(amount) AS BIGINT) AS amount,
    CAST(sum(amount_squares) AS BIGINT) AS amount_squares
FROM by_area
WHERE area_id IS NOT NULL
GROUP BY line_id, month, area_type, area_id, breakdown, group_value, each_amount
