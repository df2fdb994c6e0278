SELECT list_id, group_id, system, code, listed_code, weight
FROM code_in_version
WHERE in_use
