SELECT 'place' AS area_type, 'place' AS area_id
UNION ALL
SELECT 'none', 'none'
UNION ALL
SELECT 'neighbourhood', n.neighbourhood_id
FROM place_neighbourhood AS n
CROSS JOIN place_parameter AS p
WHERE coalesce(n.starts < p.period_end, TRUE) AND coalesce(p.period_start < n.ends, TRUE)
