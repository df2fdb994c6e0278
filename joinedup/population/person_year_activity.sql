WITH had AS (
    SELECT
        person_id,
        year_starts,
        CAST(sum(activities) FILTER (WHERE point_of_delivery = 'Emergency care') AS BIGINT) AS attendances,
        CAST(sum(activities) FILTER (WHERE point_of_delivery IN ('Outpatient first attendance', 'Outpatient follow-up attendance', 'Outpatient procedure')) AS BIGINT) AS outpatient,
        CAST(sum(activities) FILTER (WHERE point_of_delivery IN ('GP appointment face to face', 'GP appointment telephone or video')) AS BIGINT) AS gp_appointments,
        CAST(sum(activities) FILTER (WHERE point_of_delivery = 'Prescription item') AS BIGINT) AS prescription_items,
        CAST(sum(activities) FILTER (WHERE point_of_delivery LIKE 'Ambulance%') AS BIGINT) AS ambulances,
        CAST(sum(activities) FILTER (WHERE point_of_delivery IN ('Urgent call (111)', 'Out-of-hours contact')) AS BIGINT) AS urgent_calls,
        CAST(sum(activities) FILTER (WHERE point_of_delivery = 'Community contact') AS BIGINT) AS community_contacts,
        CAST(sum(activities) FILTER (WHERE point_of_delivery IN ('Mental health contact', 'Talking therapies contact')) AS BIGINT) AS mental_health_contacts,
        CAST(sum(activities) FILTER (WHERE point_of_delivery = 'Maternity contact') AS BIGINT) AS maternity_contacts,
        CAST(sum(days) FILTER (WHERE sector = 'adult social care') AS BIGINT) AS social_care_days
    FROM person_year_use
    GROUP BY person_id, year_starts
),
stay AS (
    SELECT
        s.person_id,
        y.year_starts,
        count(*) FILTER (WHERE s.emergency AND y.year_starts <= s.starts) AS emergency_admissions,
        count(*) FILTER (WHERE s.planned AND y.year_starts <= s.starts) AS planned_admissions,
        CAST(sum(greatest(CAST(
            least(coalesce(s.ends, q.as_at + 1), y.year_ends) - greatest(s.starts, y.year_starts) AS INTEGER
        ), 0)) AS BIGINT) AS bed_days
    FROM place_spell AS s
    CROSS JOIN place_parameter AS q
    INNER JOIN place_year AS y ON s.starts < y.year_ends AND y.year_starts <= coalesce(s.ends, q.as_at + 1)
    GROUP BY s.person_id, y.year_starts
),
basis AS (
    -- What nobody told of isn't nought.
    SELECT
        k.year_starts,
        k.practice_code,
        bool_or(k.known) FILTER (WHERE k.what = 'attendances') AS attendances,
        bool_or(k.known) FILTER (WHERE k.what = 'outpatient') AS outpatient,
        bool_or(k.known) FILTER (WHERE k.what = 'gp_appointments') AS gp_appointments,
        bool_or(k.known) FILTER (WHERE k.what = 'prescription_items') AS prescription_items,
        bool_or(k.known) FILTER (WHERE k.what = 'ambulances') AS ambulances,
        bool_or(k.known) FILTER (WHERE k.what = 'urgent_calls') AS urgent_calls,
        bool_or(k.known) FILTER (WHERE k.what = 'community_contacts') AS community_contacts,
        bool_or(k.known) FILTER (WHERE k.what = 'mental_health_contacts') AS mental_health_contacts,
        bool_or(k.known) FILTER (WHERE k.what = 'maternity_contacts') AS maternity_contacts,
        bool_or(k.known) FILTER (WHERE k.what = 'social_care_days') AS social_care_days,
        bool_or(k.known) FILTER (WHERE k.what = 'emergency_admissions') AS emergency_admissions,
        bool_or(k.known) FILTER (WHERE k.what = 'planned_admissions') AS planned_admissions,
        bool_or(k.known) FILTER (WHERE k.what = 'bed_days') AS bed_days
    FROM practice_basis AS k
    GROUP BY k.year_starts, k.practice_code
)
SELECT
    b.person_id,
    b.year_starts,
    coalesce(t.emergency_admissions, CASE WHEN k.emergency_admissions THEN 0 END) AS emergency_admissions,
    coalesce(t.planned_admissions, CASE WHEN k.planned_admissions THEN 0 END) AS planned_admissions,
    coalesce(t.bed_days, CASE WHEN k.bed_days THEN 0 END) AS bed_days,
    coalesce(h.attendances, CASE WHEN k.attendances THEN 0 END) AS attendances,
    coalesce(h.outpatient, CASE WHEN k.outpatient THEN 0 END) AS outpatient,
    coalesce(h.gp_appointments, CASE WHEN k.gp_appointments THEN 0 END) AS gp_appointments,
    coalesce(h.prescription_items, CASE WHEN k.prescription_items THEN 0 END) AS prescription_items,
    coalesce(h.ambulances, CASE WHEN k.ambulances THEN 0 END) AS ambulances,
    coalesce(h.urgent_calls, CASE WHEN k.urgent_calls THEN 0 END) AS urgent_calls,
    coalesce(h.community_contacts, CASE WHEN k.community_contacts THEN 0 END) AS community_contacts,
    coalesce(h.mental_health_contacts, CASE WHEN k.mental_health_contacts THEN 0 END) AS mental_health_contacts,
    coalesce(h.maternity_contacts, CASE WHEN k.maternity_contacts THEN 0 END) AS maternity_contacts,
    coalesce(h.social_care_days, CASE WHEN k.social_care_days THEN 0 END) AS social_care_days
FROM person_year_base AS b
LEFT JOIN had AS h ON h.person_id = b.person_id AND h.year_starts = b.year_starts
LEFT JOIN stay AS t ON t.person_id = b.person_id AND t.year_starts = b.year_starts
LEFT JOIN basis AS k ON k.year_starts = b.year_starts AND k.practice_code = b.basis_code
