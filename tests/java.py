"""How tests run Java."""

from __future__ import annotations

LITTLE_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m"
"""Compiled once and lightly: half the processor time for tiny tables. The queries of one build fill the 48 MB that Java gives to such code,
and it would compile no more."""
