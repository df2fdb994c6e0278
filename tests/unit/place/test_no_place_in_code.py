"""Nothing in the package knows the example or its words: places are values."""

from __future__ import annotations

import re

WORDS = re.compile(r"calderdale|halifax|kirklees|\blocalit(y|ies)\b|huddersfield", re.IGNORECASE)
SPARK = re.compile(r"\bspark\.\w[\w.]*")
"""Settings of Spark's, which have its names."""
READ = {".py", ".sql", ".yml", ".csv", ".jinja", ".css", ".js"}

# The help of each verb shows it with the folder that a newcomer has.
EXAMPLES = re.compile(r'"(\s*--\w+|(JOINEDUP_\w+=\S+ )?joinedup|export) [^"]*"')


def test_the_package_names_no_place(root):
    found = [
        f"{path.relative_to(root)}:{n}: {line.strip()}"
        for path in sorted((root / "joinedup").rglob("*"))
        if path.suffix in READ
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WORDS.search(SPARK.sub("", EXAMPLES.sub("", line)))
    ]
    assert found == []
