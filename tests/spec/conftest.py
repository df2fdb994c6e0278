"""Both engines."""

from ..engines import duck_engine, engine, spark_engine

__all__ = ["duck_engine", "engine", "spark_engine"]
