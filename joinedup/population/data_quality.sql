WITH listed_on_the_day AS (
    SELECT r.person_id, r.practice_code, p.as_at
    FROM registration AS r
    CROSS JOIN place_parameter AS p
    WHERE coalesce(r.starts <= p.as_at, TRUE) AND coalesce(p.as_at < r.ends, TRUE)
),
open_list AS (
    SELECT person_id, count(DISTINCT general_medical_practice_code_patient_registration) AS practices
    FROM landed_register
    WHERE end_date_gmp_patient_registration IS NULL AND person_id IS NOT NULL
    GROUP BY person_id
),
same_days AS (
    SELECT activity_id, count(*) - 1 AS more
    FROM episode
    WHERE finished AND days > 0 AND starts IS NOT NULL AND ends IS NOT NULL
    GROUP BY activity_id, starts, ends
),
spell_number_used AS (
    SELECT
        count(DISTINCT spell) AS spells,
        min(l.person_id) AS least_id,
        max(l.person_id) AS greatest_id
    FROM episode_spell AS s
    INNER JOIN landed_apc AS l ON l.file_id = s.file_id AND l.source_row = s.source_row
    WHERE s.spell_number IS NOT NULL
    GROUP BY s.provider_code, s.spell_number
),
spell_admitted AS (
    SELECT activity_id, min(admitted_on) AS earliest, max(admitted_on) AS latest
    FROM episode
    GROUP BY activity_id
),
-- What may be used for planning; an activity without a person has nobody who could object.
countable AS (
    SELECT a.activity_id, a.person_id, u.planning AND coalesce(m.planning AND (NOT u.held_by_practice OR m.practice_planning), TRUE) AS may_count
    FROM activity AS a
    INNER JOIN file_use AS u ON u.file_id = a.file_id
    LEFT JOIN may_use AS m ON m.person_id = a.person_id
),
-- Who left a list after one snapshot of a provider, of those who were on it then.
left_after AS (
    SELECT l.provider_code, l.last_listed, l.leavers, count(*) AS pathways
    FROM (
        SELECT coalesce(provider_code, '') AS provider_code, last_listed, count(*) AS leavers
        FROM referral
        WHERE status = 'left the list'
        GROUP BY coalesce(provider_code, ''), last_listed
    ) AS l
    INNER JOIN referral AS r
        ON coalesce(r.provider_code, '') = l.provider_code
        AND r.last_listed >= l.last_listed
        AND r.referred_on <= l.last_listed
    GROUP BY l.provider_code, l.last_listed, l.leavers
),
left_at_once AS (
    SELECT CAST(coalesce(sum(leavers) FILTER (WHERE leavers >= 8 AND leavers * 10 > pathways), 0) AS BIGINT) AS leavers
    FROM left_after
),
-- The prices of extracts that may be nothing where the provider is paid by a block contract: of a spell the highest on its rows.
given_price AS (
    SELECT activity_id, max(price_pence) AS price_pence FROM episode GROUP BY activity_id
    UNION ALL
    SELECT CAST(file_id AS BIGINT) * 10000000000 + source_row, final_price_pence FROM landed_ecds
    UNION ALL
    SELECT CAST(file_id AS BIGINT) * 10000000000 + source_row, final_price_pence FROM landed_outpatient
    UNION ALL
    SELECT CAST(file_id AS BIGINT) * 10000000000 + source_row, final_price_pence FROM landed_ambulance
    UNION ALL
    SELECT CAST(file_id AS BIGINT) * 10000000000 + source_row, final_price_pence FROM landed_maternity
    UNION ALL
    SELECT CAST(file_id AS BIGINT) * 10000000000 + source_row, care_contact_cost_pence FROM landed_csds
    UNION ALL
    SELECT CAST(file_id AS BIGINT) * 10000000000 + source_row, care_contact_cost_pence FROM landed_mhsds
),
counted AS (
    SELECT 'activity-unlinked' AS rule, count(*) FILTER (WHERE person_id IS NULL) AS found, count(*) AS out_of FROM activity
    UNION ALL
    -- place_activity is part of what may count and has a person: what isn't in it needn't be looked for.
    SELECT 'activity-not-registered', a.linked - p.placed, a.activities
    FROM (SELECT count(person_id) AS linked, count(*) AS activities FROM countable WHERE may_count) AS a
    CROSS JOIN (SELECT count(*) AS placed FROM place_activity) AS p
    UNION ALL
    SELECT 'activity-not-for-planning', count(*) FILTER (WHERE NOT may_count), count(*) FROM countable
    UNION ALL
    SELECT 'objection-unlinked', count(*) FILTER (WHERE person_id IS NULL), count(*) FROM objection
    UNION ALL
    SELECT 'activity-after-death', count(*) FILTER (WHERE a.starts > p.death_date), count(*)
    FROM activity AS a
    LEFT JOIN person AS p ON p.person_id = a.person_id
    UNION ALL
    SELECT 'death-not-registered', count(*) FILTER (WHERE s.outcome = 'died' AND p.death_date IS NULL), count(*)
    FROM spell AS s
    INNER JOIN person AS p ON p.person_id = s.person_id
    UNION ALL
    SELECT 'death-not-sure', count(possible_death), count(possible_death) + count(death_date) FROM person
    UNION ALL
    SELECT 'never-discharged', count(*) FILTER (WHERE s.ends IS NULL AND s.starts < CAST(p.as_at - INTERVAL 1 YEAR AS DATE)), count(*)
    FROM spell AS s
    CROSS JOIN place_parameter AS p
    UNION ALL
    SELECT 'stay-no-longer-sent', count(*) FILTER (WHERE outcome = 'no longer sent'), count(*)
    FROM activity
    WHERE point_of_delivery = 'Mental health inpatient'
    UNION ALL
    SELECT 'delay-to-extract', count(*) FILTER (WHERE counted_to = 'extract'), count(*) FROM discharge_delay
    UNION ALL
    SELECT 'delay-to-lists', count(*) FILTER (WHERE counted_to = 'lists'), count(*) FROM discharge_delay
    UNION ALL
    SELECT 'listed-not-admitted', count(*) FILTER (WHERE person_id IS NOT NULL AND ready_on IS NOT NULL AND spell_id IS NULL AND NOT stands_in), count(*)
    FROM listed_stay
    UNION ALL
    SELECT 'listed-alone', count(*) FILTER (WHERE stands_in), count(*) FROM listed_stay
    UNION ALL
    SELECT 'left-list-at-once', max(l.leavers), count(r.referral_id)
    FROM left_at_once AS l
    LEFT JOIN referral AS r ON r.last_listed IS NOT NULL
    UNION ALL
    SELECT 'waiting-no-longer-sent', count(*) FILTER (WHERE status = 'no longer sent'), count(*) FROM referral WHERE last_listed IS NOT NULL
    UNION ALL
    SELECT 'no-spell-number', count(*) - count(susspellid), count(*) FROM landed_apc
    UNION ALL
    SELECT 'episode-over-year-end', count(*) FILTER (WHERE e.activity_id IS NULL AND NOT coalesce(l.epistat = '3', l.epiend IS NOT NULL)), count(*)
    FROM landed_apc AS l
    LEFT JOIN episode AS e ON e.file_id = l.file_id AND e.source_row = l.source_row
    UNION ALL
    SELECT 'episode-in-two-files', count(*) FILTER (WHERE e.activity_id IS NULL AND coalesce(l.epistat = '3', l.epiend IS NOT NULL)), count(*)
    FROM landed_apc AS l
    LEFT JOIN episode AS e ON e.file_id = l.file_id AND e.source_row = l.source_row
    UNION ALL
    SELECT 'episode-twice', CAST(coalesce(sum(more), 0) AS BIGINT), CAST(count(*) + coalesce(sum(more), 0) AS BIGINT) FROM same_days
    UNION ALL
    SELECT 'spell-number-of-several-people', count(*) FILTER (WHERE least_id < greatest_id), count(*) FROM spell_number_used
    UNION ALL
    SELECT 'spell-number-used-again', count(*) FILTER (WHERE spells > 1 AND coalesce(least_id = greatest_id, TRUE)), count(*) FROM spell_number_used
    UNION ALL
    SELECT 'admission-days-differ', count(*) FILTER (WHERE earliest < latest), count(*) FROM spell_admitted
    UNION ALL
    SELECT 'price-of-spell-differs', count(*) FILTER (WHERE prices_differ), count(*)
    FROM spell
    WHERE price_of = 'spell' AND priced_episodes > 1
    UNION ALL
    SELECT 'price-of-episodes-alike', count(*) FILTER (WHERE NOT prices_differ), count(*)
    FROM spell
    WHERE price_of = 'episode' AND priced_episodes > 1
    UNION ALL
    SELECT 'budget-paid-elsewhere', count(DISTINCT e.activity_id), count(DISTINCT a.activity_id)
    FROM activity AS a
    LEFT JOIN paid_elsewhere AS e ON e.activity_id = a.activity_id
    WHERE a.sector = 'personal budget'
    UNION ALL
    SELECT 'method-unknown', count(*) FILTER (WHERE point_of_delivery = 'Other admission'), count(*) FROM spell
    UNION ALL
    SELECT 'price-nought', count(*) FILTER (WHERE g.price_pence <= 0), count(*)
    FROM given_price AS g
    INNER JOIN activity AS a ON a.activity_id = g.activity_id
    WHERE g.price_pence IS NOT NULL AND coalesce(a.units, 1) > 0
    UNION ALL
    SELECT 'no-cost', count(*) - count(cost_pence), count(*) FROM activity WHERE coalesce(units, 1) > 0
    UNION ALL
    SELECT 'two-open-registrations', count(*) FILTER (WHERE practices > 1), count(*) FROM open_list
    UNION ALL
    SELECT 'practice-unknown', count(*) FILTER (WHERE p.practice_code IS NULL), count(*)
    FROM listed_on_the_day AS l
    LEFT JOIN place_practice AS p ON p.practice_code = l.practice_code
    UNION ALL
    SELECT 'practice-closed', count(*) FILTER (WHERE p.closed <= l.as_at), count(*)
    FROM listed_on_the_day AS l
    LEFT JOIN place_practice AS p ON p.practice_code = l.practice_code
    UNION ALL
    SELECT 'practice-in-no-neighbourhood', count(*) - count(neighbourhood_id), count(*) FROM registered_person
    UNION ALL
    SELECT 'neighbourhood-with-nobody', count(*) FILTER (WHERE d.area_id IS NULL), count(*)
    FROM area AS a
    LEFT JOIN area_person_days AS d ON d.area_type = a.area_type AND d.area_id = a.area_id AND d.age_from = 0
    WHERE a.area_type = 'neighbourhood'
    UNION ALL
    SELECT 'age-unknown', count(*) - count(age), count(*) FROM registered_person
    UNION ALL
    SELECT 'deprivation-unknown', count(*) - count(deprivation_fifth), count(*) FROM registered_person
    UNION ALL
    SELECT 'practice-sends-nothing', count(*) FILTER (WHERE NOT p.told_to_end), count(*)
    FROM practice_year AS p
    INNER JOIN (SELECT max(year_starts) AS year_starts FROM place_year) AS y ON y.year_starts = p.year_starts
    UNION ALL
    SELECT 'segment-left-out', count(*) FILTER (WHERE left_out), count(*) FROM person_segment
    UNION ALL
    SELECT 'segment-rule-never-holds', count(*) FILTER (WHERE NOT holds), count(*)
    FROM (SELECT model_id, segment_id, bool_or(met > 0) AS holds FROM segment_rule GROUP BY model_id, segment_id) AS r
)
SELECT c.rule, q.unit, c.found, c.out_of, q.message, q.endangers
FROM counted AS c
LEFT JOIN quality_rule AS q ON q.rule = c.rule
