SELECT area_type, area_id, age_from, CAST(sum(person_days) AS BIGINT) AS person_days
FROM area_month_days
GROUP BY area_type, area_id, age_from
UNION ALL
SELECT 'place', 'place', age_from, CAST(sum(person_days) AS BIGINT)
FROM area_month_days
GROUP BY age_from
