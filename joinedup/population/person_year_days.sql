WITH cut AS (
    SELECT
        s.person_id,
        y.year_starts,
        s.neighbourhood_id,
        s.practice_code,
        greatest(s.starts, y.year_starts) AS starts,
        least(s.ends, y.year_ends) AS ends
    FROM counted_spell AS s
    CROSS JOIN place_year AS y
    WHERE coalesce(s.starts < y.year_ends, TRUE) AND coalesce(y.year_starts < s.ends, TRUE)
)
SELECT
    person_id,
    year_starts,
    neighbourhood_id,
    practice_code,
    CAST(sum(CAST(ends - starts AS INTEGER)) AS BIGINT) AS person_days
FROM cut
WHERE starts < ends
GROUP BY person_id, year_starts, neighbourhood_id, practice_code
