SELECT
    contract,
    source,
    characteristic,
    group_value,
    row_count,
    by_number + by_pseudonym + on_the_list AS by_key,
    confirmed,
    by_probability,
    unlinked,
    CAST(by_number + by_pseudonym + on_the_list AS DOUBLE) / nullif(row_count, 0) AS key_share,
    CAST(row_count - unlinked AS DOUBLE) / nullif(row_count, 0) AS linked_share
FROM linkage_rate
