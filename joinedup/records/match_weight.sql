SELECT comparison, level, label, m, u, weight
FROM linkage_weight
