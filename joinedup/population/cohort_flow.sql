SELECT
    s.cohort_id,
    r.year_starts,
    s.step_order,
    s.step,
    s.title,
    CAST(sum(CASE WHEN r.reached >= s.step_order THEN r.people ELSE 0 END) AS BIGINT) AS people,
    CAST(sum(CASE WHEN r.reached = s.step_order - 1 AND NOT r.not_known THEN r.people ELSE 0 END) AS BIGINT) AS out,
    CAST(sum(CASE WHEN r.reached = s.step_order - 1 AND r.not_known THEN r.people ELSE 0 END) AS BIGINT) AS not_known
FROM cohort_step AS s
INNER JOIN cohort_reach AS r ON r.cohort_id = s.cohort_id
GROUP BY s.cohort_id, r.year_starts, s.step_order, s.step, s.title
