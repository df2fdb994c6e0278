"""Whoever's figures are in the repository is named in NOTICE."""

from __future__ import annotations

OUR_OWN = {
    "places/calderdale/codelists/deficits.csv",
    "places/calderdale/codelists/multimorbidity.csv",
    "places/calderdale/practices.csv",
    "places/calderdale/staff.csv",
    "joinedup/population/coded_setting.csv",
    "joinedup/population/profile_characteristic.csv",
    "joinedup/population/quality_rule.csv",
    "joinedup/population/year_need.csv",
    "joinedup/population/objection_effect.csv",
    "joinedup/records/practice_held.csv",
    "joinedup/records/without_cost.csv",
}


def test_every_table_of_figures_has_its_notice(root):
    notice = (root / "NOTICE").read_text(encoding="utf-8")
    tables = [path.relative_to(root).as_posix() for top in ("joinedup", "places") for path in sorted((root / top).rglob("*.csv"))]
    assert len(tables) > len(OUR_OWN)
    assert [table for table in tables if table not in notice and table not in OUR_OWN] == []


def test_open_government_facts_carry_their_attribution(root):
    lines = " ".join((root / "NOTICE").read_text(encoding="utf-8").split())
    for publisher in (
        "NHS England",
        "NHS Digital",
        "Office for National Statistics",
        "Ministry of Housing, Communities and Local Government",
    ):
        assert f"Contains public sector information from {publisher} licensed under the Open Government Licence v3.0." in lines
    assert "Contains OS data (c) Crown copyright and database right." in lines
