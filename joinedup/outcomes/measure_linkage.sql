WITH event AS (
    SELECT 'urgent_care_sensitive_admissions' AS measure_id, e.neighbourhood_id, e.activity_id, CAST(1 AS DOUBLE) AS amount
    FROM urgent_care_admission AS e
    CROSS JOIN place_parameter AS p
    WHERE e.admitted_on >= p.period_start AND e.admitted_on < p.period_end
    UNION ALL
    SELECT 'emergency_bed_days', e.neighbourhood_id, e.activity_id, CAST(e.days AS DOUBLE)
    FROM emergency_bed_use AS e
    CROSS JOIN place_parameter AS p
    WHERE e.ended_on >= p.period_start AND e.ended_on < p.period_end
),
linked AS (
    SELECT e.measure_id, e.neighbourhood_id, e.amount, a.linked_by
    FROM event AS e
    INNER JOIN activity AS a ON a.activity_id = e.activity_id
    UNION ALL
    SELECT
        'delayed_days',
        a.neighbourhood_id,
        CAST(least(d.ends, p.period_end) - greatest(d.starts, p.period_start) AS INTEGER) / CAST(nullif(p.period_days, 0) AS DOUBLE),
        d.linked_by
    FROM discharge_delay AS d
    INNER JOIN place_activity AS a ON a.activity_id = d.activity_id
    CROSS JOIN place_parameter AS p
    WHERE d.starts < p.period_end AND d.ends > p.period_start AND a.age >= 18
),
by_area AS (
    SELECT
        measure_id,
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        amount,
        linked_by
    FROM linked
    UNION ALL
    SELECT measure_id, 'place', 'place', amount, linked_by FROM linked
),
-- What could have been counted had it been linked: stays of the kind that an indicator counts, wherever their people live, but of
-- nobody who objects to being counted.
kindred AS (
    SELECT a.person_id, 'admission' AS kind
    FROM activity AS a
    INNER JOIN file_use AS u ON u.file_id = a.file_id AND u.planning
    CROSS JOIN place_parameter AS p
    LEFT JOIN may_use AS m ON m.person_id = a.person_id
    WHERE left(a.admission_method, 1) = '2'
        AND a.starts >= p.period_start AND a.starts < p.period_end
        AND (a.person_id IS NULL OR m.planning)
    UNION ALL
    SELECT d.person_id, 'delay'
    FROM discharge_delay AS d
    INNER JOIN file_use AS u ON u.file_id = d.file_id AND u.planning
    CROSS JOIN place_parameter AS p
    LEFT JOIN may_use AS m ON m.person_id = d.person_id
    WHERE d.starts < p.period_end AND d.ends > p.period_start AND (d.person_id IS NULL OR m.planning)
),
counted AS (
    SELECT kind, count(*) AS kindred, count(*) - count(person_id) AS kindred_unlinked
    FROM kindred
    GROUP BY kind
)
SELECT
    b.measure_id,
    b.area_type,
    b.area_id,
    CAST(sum(b.amount) AS DOUBLE) AS numerator,
    CAST(sum(CASE WHEN b.linked_by = 'probability' THEN b.amount ELSE CAST(0 AS DOUBLE) END) AS DOUBLE) AS by_probability,
    max(c.kindred) AS kindred,
    max(c.kindred_unlinked) AS kindred_unlinked
FROM by_area AS b
LEFT JOIN counted AS c ON c.kind = CASE b.measure_id WHEN 'delayed_days' THEN 'delay' ELSE 'admission' END
GROUP BY b.measure_id, b.area_type, b.area_id
