WITH event AS (
    SELECT 'urgent_care_sensitive_admissions' AS measure_id, e.neighbourhood_id, e.activity_id, CAST(1 AS BIGINT) AS amount
    FROM urgent_care_admission AS e
    CROSS JOIN place_parameter AS p
    WHERE e.admitted_on >= p.period_start AND e.admitted_on < p.period_end
    UNION ALL
    SELECT 'emergency_bed_days', e.neighbourhood_id, e.activity_id, CAST(e.days AS BIGINT)
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
        CAST(CAST(least(d.ends, p.period_end) - greatest(d.starts, p.period_start) AS INTEGER) AS BIGINT),
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
-- Whole days are added up, so that the sum is the same in whatever order they come.
summed AS (
    SELECT
        measure_id,
        area_type,
        area_id,
        CAST(sum(amount) AS BIGINT) AS amount,
        CAST(coalesce(sum(amount) FILTER (WHERE linked_by = 'probability'), 0) AS BIGINT) AS by_probability
    FROM by_area
    GROUP BY measure_id, area_type, area_id
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
    CAST(b.amount AS DOUBLE) / nullif(CASE b.measure_id WHEN 'delayed_days' THEN p.period_days ELSE 1 END, 0) AS numerator,
    CAST(b.by_probability AS DOUBLE) / nullif(CASE b.measure_id WHEN 'delayed_days' THEN p.period_days ELSE 1 END, 0) AS by_probability,
    c.kindred,
    c.kindred_unlinked
FROM summed AS b
CROSS JOIN place_parameter AS p
LEFT JOIN counted AS c ON c.kind = CASE b.measure_id WHEN 'delayed_days' THEN 'delay' ELSE 'admission' END
