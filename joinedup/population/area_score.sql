WITH counted AS (
    SELECT
        y.year_starts,
        y.person_id,
        coalesce(y.neighbourhood_id, '') AS neighbourhood_id,
        b.score_id,
        coalesce(s.value, 0) AS value,
        coalesce(s.groups, 0) AS groups
    FROM person_year AS y
    INNER JOIN practice_basis AS k
        ON k.year_starts = y.year_starts AND k.practice_code = CASE WHEN y.practice_known THEN y.practice_code ELSE 'none' END
    INNER JOIN score_about AS b ON k.what = 'score ' || b.score_id
    LEFT JOIN person_score AS s ON s.person_id = y.person_id AND s.year_starts = y.year_starts AND s.score_id = b.score_id
    WHERE k.known
),
by_value AS (
    SELECT year_starts, score_id, neighbourhood_id, value, count(*) AS people, CAST(sum(CASE WHEN groups > 0 THEN 1 ELSE 0 END) AS BIGINT) AS with_any
    FROM counted
    GROUP BY year_starts, score_id, neighbourhood_id, value
),
reached AS (
    -- A value lies in the last band that it reaches; a score without bands has one for all.
    SELECT v.year_starts, v.score_id, v.neighbourhood_id, v.value, v.people, v.with_any, coalesce(max(b.band_order), 0) AS band_order
    FROM by_value AS v
    LEFT JOIN score_band AS b
        ON b.score_id = v.score_id AND coalesce(v.value >= b.at_least, TRUE) AND coalesce(v.value > b.more_than, TRUE)
    GROUP BY v.year_starts, v.score_id, v.neighbourhood_id, v.value, v.people, v.with_any
),
by_area AS (
    SELECT
        CASE WHEN neighbourhood_id = '' THEN 'none' ELSE 'neighbourhood' END AS area_type,
        CASE WHEN neighbourhood_id = '' THEN 'none' ELSE neighbourhood_id END AS area_id,
        year_starts, score_id, band_order, value, people, with_any
    FROM reached
    UNION ALL
    SELECT 'place', 'place', year_starts, score_id, band_order, value, people, with_any
    FROM reached
)
SELECT
    a.area_type,
    a.area_id,
    a.year_starts,
    a.score_id,
    a.band_order,
    max(b.band) AS band,
    CAST(sum(a.people) AS BIGINT) AS people,
    CAST(sum(a.with_any) AS BIGINT) AS with_any,
    -- Whole thousand-millionths add up to the same sum in any order.
    CAST(sum(CAST(round(a.value * 1000000000) AS BIGINT) * a.people) AS BIGINT) / 1000000000 AS values_sum
FROM by_area AS a
LEFT JOIN score_band AS b ON b.score_id = a.score_id AND b.band_order = a.band_order
GROUP BY a.area_type, a.area_id, a.year_starts, a.score_id, a.band_order
