WITH sent AS (
    SELECT file_id, person_id, event_date AS day FROM landed_gp_record
    UNION ALL
    SELECT file_id, person_id, appointment_date FROM landed_gp_appointment
    UNION ALL
    SELECT file_id, person_id, coalesce(dispensed_date, processing_period_date) FROM landed_gp_medication
),
-- Thirteen weeks at either end of a year show whether it was sent from its beginning, and to its end.
held AS (
    SELECT
        u.contract,
        y.year_starts,
        s.person_id,
        count(*) AS records,
        count(*) FILTER (WHERE s.day < y.year_starts + 91) AS first_records,
        count(*) FILTER (WHERE y.year_ends - 91 <= s.day) AS last_records,
        max(s.day) AS last_day
    FROM sent AS s
    INNER JOIN file_use AS u ON u.file_id = s.file_id
    INNER JOIN place_year AS y ON y.year_starts <= s.day AND s.day < y.year_ends
    WHERE u.planning AND s.person_id IS NOT NULL
    GROUP BY u.contract, y.year_starts, s.person_id
),
had AS (
    SELECT
        h.contract,
        h.year_starts,
        b.practice_code,
        CAST(sum(h.records) AS BIGINT) AS records,
        CAST(sum(h.first_records) AS BIGINT) AS first_records,
        CAST(sum(h.last_records) AS BIGINT) AS last_records,
        max(h.last_day) AS last_day
    FROM held AS h
    INNER JOIN person_year_base AS b ON b.person_id = h.person_id AND b.year_starts = h.year_starts
    WHERE b.practice_known
    GROUP BY h.contract, h.year_starts, b.practice_code
),
practice AS (
    SELECT
        practice_code,
        year_starts,
        count(*) AS people,
        count(*) FILTER (WHERE NOT joined AND NOT born) AS first_people,
        count(*) FILTER (WHERE year_ends - 91 <= last_on) AS last_people
    FROM person_year_base
    WHERE practice_known
    GROUP BY practice_code, year_starts
),
landed AS (
    SELECT p.contract
    FROM practice_held AS p
    INNER JOIN file_use AS u ON u.contract = p.contract
    WHERE u.planning
    GROUP BY p.contract
),
counted AS (
    SELECT
        p.practice_code,
        l.contract,
        p.year_starts,
        p.people,
        p.first_people,
        p.last_people,
        coalesce(h.records, 0) AS records,
        coalesce(h.first_records, 0) AS first_records,
        coalesce(h.last_records, 0) AS last_records,
        h.last_day
    FROM practice AS p
    CROSS JOIN landed AS l
    LEFT JOIN had AS h ON h.practice_code = p.practice_code AND h.contract = l.contract AND h.year_starts = p.year_starts
),
place AS (
    SELECT
        contract,
        year_starts,
        CAST(sum(people) AS BIGINT) AS people,
        CAST(sum(first_people) AS BIGINT) AS first_people,
        CAST(sum(last_people) AS BIGINT) AS last_people,
        CAST(sum(records) AS BIGINT) AS records,
        CAST(sum(first_records) AS BIGINT) AS first_records,
        CAST(sum(last_records) AS BIGINT) AS last_records
    FROM counted
    GROUP BY contract, year_starts
),
expected AS (
    SELECT
        c.practice_code, c.contract, c.year_starts, c.people, c.records, c.first_records, c.last_records, c.last_day,
        coalesce(CAST(c.people * p.records AS DOUBLE) / nullif(p.people, 0), 0) AS year_expected,
        coalesce(CAST(c.first_people * p.first_records AS DOUBLE) / nullif(p.first_people, 0), 0) AS first_expected,
        coalesce(CAST(c.last_people * p.last_records AS DOUBLE) / nullif(p.last_people, 0), 0) AS last_expected
    FROM counted AS c
    INNER JOIN place AS p ON p.contract = c.contract AND p.year_starts = c.year_starts
),
altogether AS (
    SELECT practice_code, contract, CAST(sum(records) AS BIGINT) AS records, CAST(sum(year_expected) AS DOUBLE) AS expected
    FROM expected
    GROUP BY practice_code, contract
),
judged AS (
    -- Where fewer than ten would be expected, none may be chance: then all years together tell.
    SELECT
        e.practice_code, e.contract, e.year_starts, e.people, e.records, e.year_expected, e.last_day,
        CASE WHEN e.year_expected >= 10 THEN e.records * 10 >= e.year_expected ELSE a.records * 10 >= a.expected END AS sent,
        e.first_expected < 10 OR e.first_records * 10 >= e.first_expected AS from_start,
        e.last_expected < 10 OR e.last_records * 10 >= e.last_expected AS to_end
    FROM expected AS e
    INNER JOIN altogether AS a ON a.practice_code = e.practice_code AND a.contract = e.contract
)
SELECT
    practice_code,
    contract,
    year_starts,
    people,
    records,
    CAST(floor(year_expected + CAST(0.5 AS DOUBLE)) AS BIGINT) AS expected,
    last_day,
    sent AND to_end AS told_to_end,
    sent AND from_start AND to_end AS told,
    CASE WHEN NOT sent THEN 'sends nothing' WHEN NOT to_end THEN 'ends early' WHEN NOT from_start THEN 'not yet sent' END AS why
FROM judged
