WITH shared AS (
    SELECT
        characteristic,
        group_value,
        units,
        row_count,
        not_by_key,
        CAST(not_by_key AS DOUBLE) / nullif(row_count, 0) AS not_by_key_share,
        row_squares,
        not_by_key_squares,
        products
    FROM linkage_spread
),
varied AS (
    SELECT
        characteristic,
        group_value,
        units,
        row_count,
        not_by_key,
        not_by_key_share,
        CAST(row_count AS DOUBLE) * row_count / nullif(row_squares, 0) AS rows_of_their_own,
        (not_by_key_squares - 2 * not_by_key_share * products + not_by_key_share * not_by_key_share * row_squares)
        / nullif(CAST(row_count AS DOUBLE) * row_count, 0) AS variance
    FROM shared
)
SELECT
    characteristic,
    group_value,
    units,
    row_count,
    not_by_key,
    not_by_key_share,
    -- Where every row is alike nothing shows how they vary: then as many as people of one size would have.
    CASE
        WHEN variance > 0 THEN least(not_by_key_share * (1 - not_by_key_share) / nullif(variance, 0), CAST(row_count AS DOUBLE))
        ELSE rows_of_their_own
    END AS effective_rows
FROM varied
