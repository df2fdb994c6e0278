WITH dispensed AS (
    SELECT
        person_id,
        -- A month is all that many extracts tell: its middle stands for it.
        coalesce(dispensed_date, processing_period_date + 14) AS dispensed_on,
        left(upper(replace(paid_bnf_code, ' ', '')), 9) AS substance,
        file_id
    FROM landed_gp_medication
    WHERE person_id IS NOT NULL
        AND length(replace(paid_bnf_code, ' ', '')) >= 9
        AND coalesce(item_count, 1) > 0
        AND (left(replace(paid_bnf_code, ' ', ''), 2) BETWEEN '01' AND '13' OR left(replace(paid_bnf_code, ' ', ''), 2) = '15')
),
window_of_year AS (
    SELECT y.year_starts, y.year_ends, y.year_ends - s.window_days AS window_starts
    FROM place_year AS y
    CROSS JOIN score_about AS s
    WHERE s.score_id = 'medicines'
),
taken AS (
    SELECT DISTINCT d.person_id, w.year_starts, d.substance
    FROM dispensed AS d
    INNER JOIN window_of_year AS w ON d.dispensed_on >= w.window_starts AND d.dispensed_on < w.year_ends
    INNER JOIN file_use AS u ON u.file_id = d.file_id
    INNER JOIN may_use AS m ON m.person_id = d.person_id
    WHERE u.planning AND m.planning AND (NOT u.held_by_practice OR m.practice_planning)
)
SELECT person_id, year_starts, CAST(count(*) AS INTEGER) AS medicines
FROM taken
GROUP BY person_id, year_starts
