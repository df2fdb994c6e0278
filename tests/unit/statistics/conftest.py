"""Both engines, for the statements."""

from ...engines import duck_engine, engine, running_spark, spark_engine

__all__ = ["duck_engine", "engine", "running_spark", "spark_engine"]
