SELECT
    d.activity_id, d.person_id, d.neighbourhood_id, d.sector, d.point_of_delivery, d.starts, d.ends, d.days,
    d.cost_pence, d.costing_method, d.constant_pence, d.average_pence
FROM package_year_days AS d
INNER JOIN place_parameter AS q ON q.period_start = d.year_starts
