SELECT
    d.activity_id * 1000 + CAST((extract(YEAR FROM m.month) - 2000) * 12 + extract(MONTH FROM m.month) AS BIGINT) AS event_id,
    a.person_id,
    greatest(d.starts, m.month) AS on_date,
    a.neighbourhood_id,
    a.practice_code,
    a.age,
    a.provider_code,
    d.file_id,
    d.list_file_id,
    d.responsible_body,
    d.reason,
    d.starts >= m.month AS begins,
    CAST(least(d.ends, m.month_end) - greatest(d.starts, m.month) AS INTEGER) AS delay_days
FROM discharge_delay AS d
INNER JOIN place_activity AS a ON a.activity_id = d.activity_id
INNER JOIN place_year_month AS m ON d.starts < m.month_end AND d.ends > m.month
