from joinedup.findings import Finding, Severity, errors


def test_a_finding_says_where_it_is() -> None:
    assert Finding("place.yml", "unknown-key", "…", line=3).where == "place.yml:3"
    assert Finding("apc.csv", "ends-before-start", "…", rows=(2, 9), count=2).where == "apc.csv rows 2, 9"
    assert Finding("apc.csv", "ends-before-start", "…", rows=(2, 9), count=40).where == "apc.csv rows 2, 9, …"
    assert Finding("apc.csv", "ends-before-start", "…", rows=(1770,), count=1).where == "apc.csv row 1770"
    assert Finding("apc.csv", "ends-before-start", "…", rows=(1770,), count=2).where == "apc.csv rows 1770, …"
    assert Finding("apc.csv", "missing-file", "…").where == "apc.csv"


def test_only_errors_stop_the_use_of_what_they_name() -> None:
    warning = Finding("a", "r", "m", severity=Severity.WARNING)
    error = Finding("a", "r", "m")
    assert errors([warning, error]) == [error]
