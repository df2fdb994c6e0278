"""The words of portable SQL: functions that run alike on both engines, and what to write instead of the others."""

from __future__ import annotations

FUNCTIONS = frozenset({
    "count", "sum", "min", "max", "avg", "median", "bool_or", "bool_and", "coalesce", "nullif", "cast", "try_cast", "extract",
    "date_trunc", "make_date", "floor", "ceil", "round", "abs", "sqrt", "left", "right", "substring", "replace", "upper", "lower", "trim",
    "lpad", "length", "least", "greatest", "row_number", "rank", "dense_rank", "lag", "lead", "grouping",
})  # fmt: skip

RESERVED = frozenset({
    "all", "analyse", "analyze", "and", "anti", "any", "array", "as", "asc", "asymmetric", "between", "both", "case", "cast", "check",
    "collate", "column", "constraint", "create", "cross", "current_date", "current_time", "current_timestamp", "current_user", "default",
    "deferrable", "desc", "describe", "distinct", "do", "else", "end", "escape", "except", "exists", "false", "fetch", "filter", "for",
    "foreign", "from", "full", "grant", "group", "having", "in", "initially", "inner", "intersect", "interval", "into", "is", "join",
    "lambda", "lateral", "leading", "left", "like", "limit", "minus", "natural", "not", "null", "offset", "on", "only", "or", "order",
    "outer", "overlaps", "partition", "pivot", "pivot_longer", "pivot_wider", "placing", "primary", "qualify", "references", "returning",
    "right", "select", "semi", "session_user", "show", "some", "summarize", "symmetric", "table", "then", "time", "to", "trailing",
    "true", "union", "unique", "unknown", "unpivot", "user", "using", "values", "variadic", "when", "where", "window", "with",
})  # fmt: skip
"""Words of SQL that no column can have for a name, on DuckDB or, as the standard has it, on Spark."""

CLOCK = "read the as-at date from a table of parameters: a result that depends on the clock can't be made again"
EXACT = (
    "order the rows with row_number() OVER (PARTITION BY … ORDER BY … NULLS LAST, key NULLS LAST) and keep number 1, or take min() or max()"
)
DAYS = "count days as CAST(b - a AS INTEGER): the engines count differently"
PATTERN = "use LIKE with a prefix, or left(), substring() and replace(): the engines' regular expressions differ"
FORMAT = "build text from extract() and lpad(): the engines' format letters differ"
PARSE = "land the column as a date: the engines' format letters differ"
NUMBERED = "number rows with row_number() OVER (…): what is random can't be made again"
FLAT = "keep one value a row, in a table of its own"
JOINED = "join the texts with ||, where they are numbered: their order isn't the same on both engines"
SETS = "write GROUP BY GROUPING SETS ((…), (…))"

ON_THE_LIST = "write it with the functions that run alike on both engines (docs/explanation/portable-sql.md)"
WHOLE_DIVISION = "write CAST(floor(a / nullif(b, 0)) AS INTEGER)"
POWER = "write x * x, or do the arithmetic in Python (statistics/)"

INSTEAD: dict[str, str] = {
    "concat": "write a || b, with coalesce(a, '') where a missing part counts as empty: concat() drops nulls on DuckDB only",
    "concat_ws": "write a || ' ' || b, with coalesce() where a part may be missing",
    "date_diff": DAYS,
    "datediff": DAYS,
    "datesub": DAYS,
    "date_sub": "write CAST(d - INTERVAL 1 MONTH AS DATE)",
    "date_add": "write CAST(d + INTERVAL 1 MONTH AS DATE)",
    "dateadd": "write CAST(d + INTERVAL 1 MONTH AS DATE)",
    "add_months": "write CAST(d + INTERVAL 1 MONTH AS DATE)",
    "date_part": "write extract(year FROM d)",
    "datepart": "write extract(year FROM d)",
    "year": "write extract(year FROM d)",
    "month": "write extract(month FROM d)",
    "day": "write extract(day FROM d)",
    "week": "write extract(week FROM d)",
    "quarter": "write extract(quarter FROM d)",
    "strftime": FORMAT,
    "date_format": FORMAT,
    "strptime": PARSE,
    "to_date": PARSE,
    "to_timestamp": PARSE,
    "starts_with": "write a LIKE 'prefix%'",
    "startswith": "write a LIKE 'prefix%'",
    "contains": "map codes to what they mean in a table, and join on equality",
    "first": EXACT,
    "last": EXACT,
    "any_value": EXACT,
    "arbitrary": EXACT,
    "first_value": EXACT,
    "last_value": EXACT,
    "nth_value": EXACT,
    "arg_min": EXACT,
    "arg_max": EXACT,
    "min_by": EXACT,
    "max_by": EXACT,
    "mode": EXACT,
    "hash": "join on the columns themselves: each engine hashes in its own way",
    "md5": "join on the columns themselves",
    "random": NUMBERED,
    "rand": NUMBERED,
    "uuid": NUMBERED,
    "gen_random_uuid": NUMBERED,
    "now": CLOCK,
    "today": CLOCK,
    "current_date": CLOCK,
    "current_timestamp": CLOCK,
    "get_current_timestamp": CLOCK,
    "ifnull": "write coalesce(a, b)",
    "nvl": "write coalesce(a, b)",
    "if": "write CASE WHEN … THEN … ELSE … END",
    "isnull": "write a IS NULL",
    "isnotnull": "write a IS NOT NULL",
    "hour": "write extract(hour FROM d)",
    "minute": "write extract(minute FROM d)",
    "weekofyear": "write extract(week FROM d)",
    "dayofmonth": "write extract(day FROM d)",
    "char_length": "write length(a)",
    "character_length": "write length(a)",
    "ceiling": "write ceil(a)",
    "ucase": "write upper(a)",
    "lcase": "write lower(a)",
    "mean": "write avg(a)",
    "prefix": "write a LIKE 'prefix%'",
    "iff": "write CASE WHEN … THEN … ELSE … END",
    "substr": "write substring(a, 1, 3)",
    "len": "write length(a)",
    "mod": "write a % b",
    "pow": POWER,
    "power": POWER,
    "position": PATTERN,
    "list": FLAT,
    "array_agg": FLAT,
    "collect_list": FLAT,
    "unnest": FLAT,
    "explode": FLAT,
    "struct": FLAT,
    "string_agg": JOINED,
    "listagg": JOINED,
    "group_concat": JOINED,
    "quantile_cont": "use median(), or do the arithmetic in Python (statistics/)",
    "approx_count_distinct": "write count(DISTINCT a)",
    "generate_series": "read the days or months from a calendar table",
    "range": "read the days or months from a calendar table",
    "read_parquet": "name a table that has a .yml: files are the builder's business",
    "read_csv": "name a table that has a .yml: files are the builder's business",
}

# Words that may stand before a bracket and call nothing.
STRUCTURE = frozenset({
    "in", "exists", "as", "over", "filter", "values", "and", "or", "not", "on", "where", "select", "from", "join", "when", "then",
    "else", "by", "having", "union", "all", "except", "intersect", "sets", "between", "like", "using", "distinct", "with", "case",
    "is", "interval", "qualify", "limit", "offset", "any", "some", "lateral", "rollup", "cube", "tablesample",
})  # fmt: skip
PLAIN_TYPES = frozenset({"STRING", "INTEGER", "INT", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"})
TYPE_NAMES = {
    "INT4": "INTEGER",
    "INT8": "BIGINT",
    "FLOAT8": "DOUBLE",
    "DOUBLE PRECISION": "DOUBLE",
    "BOOL": "BOOLEAN",
    "DATETIME": "TIMESTAMP",
}
"""DuckDB's other names of types that both engines have."""
TEXT_TYPES = frozenset({"VARCHAR", "TEXT", "CHAR", "BPCHAR", "NVARCHAR", "NCHAR"})

CONSTRUCTS: dict[str, tuple[str, str]] = {
    "Array": ("a list", FLAT),
    "Bracket": ("a list or its element", FLAT),
    "Struct": ("a struct", FLAT),
    "Dot": ("a struct's field", FLAT),
    "Unnest": ("unnest", FLAT),
    "Lambda": ("a lambda", FLAT),
    "CurrentDate": ("current_date", CLOCK),
    "CurrentTimestamp": ("current_timestamp", CLOCK),
    "CurrentTime": ("current_time", CLOCK),
    "CurrentDatetime": ("a clock", CLOCK),
    "Rand": ("random", NUMBERED),
    "TableSample": ("sampling", "take all rows, or those that a table names: a sample can't be made again"),
    "ILike": ("ILIKE", "write upper(a) LIKE 'PREFIX%'"),
    "RegexpLike": ("a regular expression", PATTERN),
    "SimilarTo": ("SIMILAR TO", PATTERN),
    "Escape": ("LIKE … ESCAPE", PATTERN),
    "Lateral": ("LATERAL", "join a table of its own"),
    "Pivot": ("PIVOT", "write one CASE or FILTER for each column"),
    "Rollup": ("ROLLUP", SETS),
    "Cube": ("CUBE", SETS),
    "IntDiv": ("whole-number division", WHOLE_DIVISION),
    "Placeholder": ("a parameter", "read it from a table of parameters"),
    "Parameter": ("a parameter", "read it from a table of parameters"),
    "Limit": ("LIMIT", EXACT),
    "Offset": ("OFFSET", EXACT),
    "Fetch": ("FETCH", EXACT),
    "Qualify": ("QUALIFY", "number the rows in a CTE and write the condition in the WHERE of the next"),
    "IgnoreNulls": ("IGNORE NULLS", EXACT),
    "WithinGroup": ("WITHIN GROUP", "use median(), or do the arithmetic in Python (statistics/)"),
}

SIGNS: dict[str, tuple[str, str]] = {
    "DCOLON": ("double-colon", ":: is out of the subset, as it binds tighter than it looks; write CAST(x AS STRING)"),
    "SEMICOLON": ("one-select", "a table's file holds one SELECT; leave out the semicolon"),
    "BACKSLASH": ("backslash", "a backslash in text means another thing on Spark; put the text into a table of codes"),
    "SLASHES": ("whole-division", f"// is DuckDB's own; {WHOLE_DIVISION}"),
    "NULLSAFE_EQ": ("null-safe", "<=> is Spark's own; write a IS NOT DISTINCT FROM b"),
    "ISNULL": ("is-null", "ISNULL is DuckDB's own; write a IS NULL"),
    "NOTNULL": ("is-null", "NOTNULL is DuckDB's own; write a IS NOT NULL"),
    "LIKE_SIGN": ("like-sign", "~~ is DuckDB's own; write a LIKE 'prefix%'"),
    "LAST_COMMA": ("comma", "a comma at the end of a list is DuckDB's own; leave it out"),
    "FILTER_ALONE": ("filter", "FILTER (condition) is DuckDB's own; write FILTER (WHERE condition)"),
    "WHERE_BRACKET": ("where-bracket", "Spark takes WHERE (a) for another name of the table; write WHERE a, without brackets"),
    "CARET": ("power", f"^ is a power on DuckDB and a bit operation on Spark; {POWER}"),
    "DSTAR": ("power", f"** is DuckDB's own; {POWER}"),
    "TILDE": ("regular-expression", f"~ is DuckDB's own; {PATTERN}"),
}
