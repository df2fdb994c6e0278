WITH once AS (
    SELECT person_id, condition_id, line, setting, starts, look_back_days, lasts, ends, entries, death_date, starts AS counts_from
    FROM condition_evidence
    WHERE counts_for = 'evidence' AND entries_needed = 1
    UNION ALL
    -- Of several that are needed within the look-back the first decides how long they count, the last since when.
    SELECT
        person_id, condition_id, line, setting, starts, look_back_days, lasts, ends, entries, death_date,
        CASE entries_needed
            WHEN 2 THEN lag(starts, 1) OVER (PARTITION BY person_id, condition_id, line ORDER BY starts NULLS LAST, setting NULLS LAST)
            WHEN 3 THEN lag(starts, 2) OVER (PARTITION BY person_id, condition_id, line ORDER BY starts NULLS LAST, setting NULLS LAST)
        END
    FROM condition_evidence
    WHERE counts_for = 'evidence' AND entries_needed > 1
),
counted AS (
    SELECT
        person_id, condition_id, line, setting, starts, entries,
        least(
            CASE
                WHEN lasts THEN coalesce(ends, DATE '9999-12-31')
                WHEN look_back_days IS NULL THEN DATE '9999-12-31'
                ELSE counts_from + look_back_days
            END,
            coalesce(death_date + 1, DATE '9999-12-31')
        ) AS ends
    FROM once
    WHERE counts_from IS NOT NULL
),
stopped AS (
    SELECT person_id, condition_id, starts AS stopped_on
    FROM condition_evidence
    WHERE counts_for = 'end'
    GROUP BY person_id, condition_id, starts
),
cut AS (
    SELECT c.person_id, c.condition_id, c.line, c.setting, c.starts, c.entries, least(c.ends, coalesce(min(s.stopped_on), c.ends)) AS ends
    FROM counted AS c
    LEFT JOIN stopped AS s ON s.person_id = c.person_id AND s.condition_id = c.condition_id AND s.stopped_on >= c.starts
    GROUP BY c.person_id, c.condition_id, c.line, c.setting, c.starts, c.entries, c.ends
),
before AS (
    SELECT
        person_id, condition_id, line, setting, starts, ends, entries,
        max(ends) OVER (
            PARTITION BY person_id, condition_id
            ORDER BY starts NULLS LAST, ends NULLS LAST, setting NULLS LAST, line NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS known_to
    FROM cut
    WHERE starts < ends
),
numbered AS (
    SELECT
        person_id, condition_id, line, setting, starts, ends, entries,
        count(*) FILTER (WHERE known_to IS NULL OR known_to < starts) OVER (
            PARTITION BY person_id, condition_id
            ORDER BY starts NULLS LAST, ends NULLS LAST, setting NULLS LAST, line NULLS LAST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS spell
    FROM before
),
together AS (
    SELECT
        person_id, condition_id, spell,
        min(starts) AS starts,
        max(ends) AS ends,
        max(starts) AS last_on,
        CAST(sum(entries) AS BIGINT) AS entries,
        bool_or(setting = 'general practice') AS in_general_practice,
        bool_or(setting IN ('hospital admission', 'outpatient', 'emergency department')) AS in_hospital
    FROM numbered
    GROUP BY person_id, condition_id, spell
),
first_told AS (
    SELECT t.person_id, t.condition_id, t.spell, min(n.setting) AS setting
    FROM together AS t
    INNER JOIN numbered AS n ON n.person_id = t.person_id AND n.condition_id = t.condition_id AND n.spell = t.spell AND n.starts = t.starts
    GROUP BY t.person_id, t.condition_id, t.spell
)
SELECT
    t.person_id,
    t.condition_id,
    t.starts,
    nullif(t.ends, DATE '9999-12-31') AS ends,
    f.setting AS first_setting,
    t.entries,
    t.last_on,
    t.in_general_practice,
    t.in_hospital
FROM together AS t
INNER JOIN first_told AS f ON f.person_id = t.person_id AND f.condition_id = t.condition_id AND f.spell = t.spell
