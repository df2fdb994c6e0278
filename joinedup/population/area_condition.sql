WITH known AS (
    SELECT condition_id, bool_or(setting = 'general practice') AS of_practices
    FROM condition_basis
    WHERE decides AND known
    GROUP BY condition_id
),
counted AS (
    SELECT
        r.person_id,
        r.neighbourhood_id,
        r.practice_code,
        coalesce(m.practice_planning, FALSE) AND coalesce(t.told_to_end, FALSE) AS practice_known,
        CASE WHEN r.age IS NULL THEN -1 WHEN r.age >= 90 THEN 18 ELSE CAST(floor(r.age / 5) AS INTEGER) END AS band,
        coalesce(r.sex, '') AS sex
    FROM registered_person AS r
    CROSS JOIN (SELECT max(year_starts) AS year_starts FROM practice_year) AS l
    LEFT JOIN may_use AS m ON m.person_id = r.person_id
    LEFT JOIN practice_year AS t ON t.practice_code = r.practice_code AND t.contract = 'gp_record' AND t.year_starts = l.year_starts
),
placed AS (
    SELECT person_id, practice_known, band, sex, 'place' AS area_type, 'place' AS area_id
    FROM counted
    UNION ALL
    SELECT
        person_id, practice_known, band, sex,
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END,
        coalesce(neighbourhood_id, 'none')
    FROM counted
    UNION ALL
    SELECT person_id, practice_known, band, sex, 'practice', practice_code
    FROM counted
),
-- People are counted before conditions are looked at: of what practices alone can deny, people whose practice sends nothing or may not be counted are in no count.
grouped AS (
    SELECT area_type, area_id, practice_known, band, sex, count(*) AS people
    FROM placed
    GROUP BY area_type, area_id, practice_known, band, sex
),
alike AS (
    SELECT g.area_type, g.area_id, k.condition_id, g.band, g.sex, CAST(sum(g.people) AS BIGINT) AS population
    FROM grouped AS g
    CROSS JOIN known AS k
    WHERE g.practice_known OR NOT k.of_practices
    GROUP BY g.area_type, g.area_id, k.condition_id, g.band, g.sex
),
held AS (
    SELECT p.area_type, p.area_id, k.condition_id, p.band, p.sex, count(*) AS people
    FROM placed AS p
    INNER JOIN condition AS c ON c.person_id = p.person_id
    INNER JOIN known AS k ON k.condition_id = c.condition_id
    WHERE c.in_force AND (p.practice_known OR NOT k.of_practices)
    GROUP BY p.area_type, p.area_id, k.condition_id, p.band, p.sex
),
together AS (
    SELECT a.area_type, a.area_id, a.condition_id, a.band, a.sex, a.population, coalesce(h.people, 0) AS people
    FROM alike AS a
    LEFT JOIN held AS h
        ON h.area_type = a.area_type AND h.area_id = a.area_id AND h.condition_id = a.condition_id AND h.band = a.band AND h.sex = a.sex
),
banded AS (
    SELECT area_type, area_id, condition_id, band, CAST(sum(people) AS BIGINT) AS people, CAST(sum(population) AS BIGINT) AS population
    FROM together
    GROUP BY area_type, area_id, condition_id, band
),
-- Weights are of 100,000 people. In whole billionths, and for the variance smaller still: whole numbers add up alike in whatever order.
standardised AS (
    SELECT
        b.area_type, b.area_id, b.condition_id,
        count(*) AS bands,
        CAST(sum(b.people) AS BIGINT) AS people_of_known_age,
        CAST(sum(CAST(round(CAST(10000 * s.european_standard * b.people AS DOUBLE) / nullif(b.population, 0)) AS BIGINT)) AS BIGINT) AS rate,
        CAST(
            sum(
                CAST(
                    round(1000000 * CAST(s.european_standard AS DOUBLE) * s.european_standard * b.people / nullif(b.population, 0) / nullif(b.population, 0))
                    AS BIGINT
                )
            ) AS BIGINT
        ) AS variance
    FROM banded AS b
    INNER JOIN age_band AS s ON s.age_band_order = b.band
    GROUP BY b.area_type, b.area_id, b.condition_id
),
weighed AS (
    SELECT count(*) AS bands
    FROM age_band
    WHERE european_standard > 0
)
SELECT
    t.area_type,
    t.area_id,
    t.condition_id,
    CAST(sum(t.people) AS BIGINT) AS people,
    CAST(sum(t.population) AS BIGINT) AS population,
    -- In thousandths: whole numbers add up alike in whatever order.
    CAST(sum(CAST(round(CAST(1000 * t.population * p.people AS DOUBLE) / nullif(p.population, 0)) AS BIGINT)) AS DOUBLE) / 1000 AS expected,
    coalesce(max(s.people_of_known_age), 0) AS people_of_known_age,
    -- A band of which the area has nobody leaves no rate: the standard has people in it.
    CAST(max(CASE WHEN s.bands = w.bands THEN s.rate END) AS DOUBLE) / 1000000000 AS standardised_rate,
    CAST(max(CASE WHEN s.bands = w.bands THEN s.variance END) AS DOUBLE) / 10000000000000000 AS standardised_variance
FROM together AS t
CROSS JOIN weighed AS w
LEFT JOIN standardised AS s ON s.area_type = t.area_type AND s.area_id = t.area_id AND s.condition_id = t.condition_id
INNER JOIN together AS p ON p.area_type = 'place' AND p.condition_id = t.condition_id AND p.band = t.band AND p.sex = t.sex
GROUP BY t.area_type, t.area_id, t.condition_id
