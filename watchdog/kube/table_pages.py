"""Reads pages of Tables whose rows carry the metadata of their objects, and keeps the namespaces.

That metadata is twenty times the cells, most of it `managedFields`. The validator of pydantic steps
over what is not asked for without making Python objects of it, which `json.loads` cannot.
"""

from __future__ import annotations

from typing import Any

from pydantic_core import SchemaValidator, ValidationError, core_schema

from watchdog.kube.ports import Json


def _fields(**fields: core_schema.CoreSchema) -> core_schema.CoreSchema:
    return core_schema.typed_dict_schema(
        {
            name: core_schema.typed_dict_field(schema, required=False)
            for name, schema in fields.items()
        }
    )


_ANY = core_schema.any_schema()
_ROW = _fields(
    cells=core_schema.list_schema(_ANY),
    object=core_schema.nullable_schema(
        _fields(metadata=_fields(namespace=core_schema.str_schema()))
    ),
)
_PAGE = SchemaValidator(
    _fields(
        kind=core_schema.str_schema(),
        metadata=_ANY,
        columnDefinitions=core_schema.nullable_schema(core_schema.list_schema(_ANY)),
        rows=core_schema.nullable_schema(core_schema.list_schema(_ROW)),
        # What a server sends that makes no Tables.
        items=_ANY,
    )
)


def page(data: bytes) -> Json:
    """The page, its rows without all but their cells and namespaces. ValueError for anything else.

    ValidationError is a ValueError; its text repeats the input, so it goes no further.
    """
    try:
        found: Json = _PAGE.validate_json(data)
    except ValidationError:
        raise ValueError("not a page of a Table") from None
    return found


def namespace_of(row: Json) -> str:
    """The namespace of a row's object; empty if the server left its metadata out."""
    metadata: Any = (row.get("object") or {}).get("metadata") or {}
    return str(metadata.get("namespace") or "")
