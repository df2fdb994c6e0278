SELECT
    r.person_id,
    r.practice_code,
    n.neighbourhood_id,
    greatest(r.starts, n.starts) AS starts,
    least(r.ends, n.ends) AS ends
FROM registration AS r
INNER JOIN practice_neighbourhood AS n
    ON n.practice_code = r.practice_code
    AND (n.starts IS NULL OR r.ends IS NULL OR n.starts < r.ends)
    AND (n.ends IS NULL OR r.starts IS NULL OR r.starts < n.ends)
