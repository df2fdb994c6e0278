"""Portable SQL on DuckDB and on Spark: reading it, ordering it, running it, keeping and publishing what it makes."""
