SELECT person_id, year_starts, care_home
FROM person_year
