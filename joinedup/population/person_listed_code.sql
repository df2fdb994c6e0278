SELECT
    person_id,
    system,
    code,
    CAST(sum(entries) AS BIGINT) AS entries
FROM listed_code_entry
GROUP BY person_id, system, code
