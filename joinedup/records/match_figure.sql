SELECT figure, value, meaning
FROM linkage_run
