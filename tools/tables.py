"""Reads every table's SQL and description and says what is not portable, cyclic or undescribed: `python -m tools.tables`."""

from __future__ import annotations

import sys

from joinedup.build import all_specs
from joinedup.engine.checks import check_tables


def main() -> int:
    """1 when anything was found."""
    findings = check_tables(all_specs())
    for finding in findings:
        sys.stderr.write(f"{finding.where}: {finding.rule}: {finding.message}\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
