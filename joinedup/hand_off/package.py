"""datapackage.json: the folder as machines read it, by the Data Package and Table Schema specifications (Frictionless, v1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from joinedup.engine.specs import ColumnType
from joinedup.hand_off.described import Field, File, Foreign, Table
from joinedup.hand_off.terms import Terms

TYPES: Mapping[ColumnType, str] = {
    ColumnType.STRING: "string",
    ColumnType.INTEGER: "integer",
    ColumnType.BIGINT: "integer",
    ColumnType.DOUBLE: "number",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "date",
    ColumnType.TIMESTAMP: "datetime",
}
MEDIA = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def data_package(terms: Terms, tables: Sequence[Table]) -> str:
    """The descriptor of a folder: a resource for each file of a table, with its schema."""
    slug = "".join(letter if letter.isalnum() else "-" for letter in terms.place.lower()).strip("-")
    resources = [_resource(table, file, tables) for table in tables for file in table.files]
    package = {
        "profile": "data-package",
        "name": f"{slug}-{terms.build_id}".lower(),
        "title": f"{terms.place}: tables handed off by joinedup",
        "description": "; ".join(f"{name}: {said}" for name, said in terms.said),
        "created": terms.written_at.isoformat(timespec="seconds"),
        "version": terms.build_id,
        "joinedup": terms.as_json(),
        "resources": resources,
    }
    return json.dumps(package, indent=1, ensure_ascii=False) + "\n"


def _resource(table: Table, file: File, tables: Sequence[Table]) -> dict[str, Any]:
    """One file; foreign keys lead to the resource of the same form."""
    made: dict[str, Any] = {
        "profile": "tabular-data-resource" if file.form == "csv" else "data-resource",
        "name": resource_name(table, file),
        "path": file.path,
        "title": table.title,
        "description": f"{table.grain[0].upper()}{table.grain[1:]}. {table.about}".strip(),
        "format": file.form,
        "mediatype": MEDIA[file.form],
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
        "rows": table.rows,
        "door": table.door,
        "schema": {"fields": [_field(each, written=file.form) for each in table.fields], "missingValues": [""]},
    }
    if file.form == "csv":
        made |= {
            "encoding": "utf-8",
            "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True, "header": True},
        }
    if table.key and all(each.required for each in table.fields if each.name in table.key):
        made["schema"]["primaryKey"] = list(table.key)
    if foreign := [_foreign(each, file, tables) for each in table.foreign]:
        made["schema"]["foreignKeys"] = foreign
    if table.where:
        made["condition"] = table.where
    return made


def resource_name(table: Table, file: File) -> str:
    """The name of a resource: the table's, and the form where it stands in several."""
    name = table.name.replace("_", "-")
    return name if len({each.form for each in table.files}) == 1 else f"{name}-{file.form}"


def _foreign(foreign: Foreign, file: File, tables: Sequence[Table]) -> dict[str, Any]:
    to = next(table for table in tables if table.name == foreign.table)
    there = next(each for each in to.files if each.form == file.form)
    return {"fields": list(foreign.fields), "reference": {"resource": resource_name(to, there), "fields": list(foreign.key)}}


def _field(each: Field, written: str) -> dict[str, Any]:
    made: dict[str, Any] = {"name": each.name, "type": TYPES[each.type], "description": each.meaning}
    if written == "csv" and each.type is ColumnType.BOOLEAN:
        made |= {"trueValues": ["true", "1"], "falseValues": ["false", "0"]}
    if each.type is ColumnType.DATE:
        made["format"] = "%Y-%m-%d" if written == "csv" else "default"
    constraints: dict[str, Any] = {"required": True} if each.required else {}
    if each.values and all(meaning for _, meaning in each.values):
        constraints["enum"] = [value for value, _ in each.values]
    if constraints:
        made["constraints"] = constraints
    said = {"unit": each.unit, "treated": each.treated, "source": each.source, "empty": each.empty, "span": each.span}
    made |= {name: value for name, value in said.items() if value}
    if each.values:
        made["values"] = [{"value": value, **({"meaning": meaning} if meaning else {})} for value, meaning in each.values]
    return made
