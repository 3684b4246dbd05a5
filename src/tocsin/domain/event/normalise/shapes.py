"""Objects with known attributes: checked whole in C, and looked at one by one only when something is wrong.

A shape is declared as a msgspec struct. An object that converts is left as it is and the struct thrown away. Only for
an object that does not convert each attribute is checked alone, and cut, read in another way, or removed.
"""

from collections.abc import Callable, Mapping
from types import GenericAlias
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from tocsin.domain.event.normalise.remarks import Path, Remarks
from tocsin.domain.event.normalise.texts import cut, cut_start

Text: TypeAlias = str | None
Text64: TypeAlias = Annotated[str, Meta(max_length=64)] | None
Text128: TypeAlias = Annotated[str, Meta(max_length=128)] | None
Text256: TypeAlias = Annotated[str, Meta(max_length=256)] | None
Text512: TypeAlias = Annotated[str, Meta(max_length=512)] | None
Text4096: TypeAlias = Annotated[str, Meta(max_length=4096)] | None
Text8192: TypeAlias = Annotated[str, Meta(max_length=8192)] | None
FilePath: TypeAlias = Annotated[str, Meta(max_length=256, extra={"cut": cut_start})] | None
Flag: TypeAlias = bool | None
Number: TypeAlias = int | None
Identifier: TypeAlias = int | str | None
Object: TypeAlias = dict[str, Any] | None
Texts: TypeAlias = list[Text] | None

Reading: TypeAlias = Callable[[Any], Any]
"""Makes what was meant of a value of the wrong type."""


class _Attribute(msgspec.Struct, frozen=True):
    name: str
    type: Any
    length_max: int | None
    shorten: Callable[[str, int], str]


class Shape:
    """What the attributes of one kind of object may be; other attributes are left alone.

    *readings* names attributes that are understood in other types than their own.
    """

    def __init__(self, struct: type[msgspec.Struct], readings: Mapping[str, Reading] | None = None) -> None:
        self._one = struct
        self._many = GenericAlias(list, (struct,))
        self._attributes = tuple(_attribute(field) for field in msgspec.structs.fields(struct))
        self._readings = readings or {}

    def fit(self, value: dict[str, Any], path: Path, remarks: Remarks) -> None:
        """Make *value* fit, in place."""
        if not _is(value, self._one):
            for attribute in self._attributes:
                found = value.get(attribute.name)
                if found is not None and not _is(found, attribute.type):
                    self._mend(value, attribute, path, remarks)

    def fit_all(self, values: list[Any], path: Path, remarks: Remarks) -> list[dict[str, Any]]:
        """Return the objects in *values*, each made to fit; nulls go silently, anything else with a remark."""
        if _is(values, self._many):
            return values
        kept = []
        for index, value in enumerate(values):
            place = (*path, str(index))
            if isinstance(value, dict):
                self.fit(value, place, remarks)
                kept.append(value)
            elif value is not None:
                remarks.removed(place, value, reason="expected an object")
        return kept

    def _mend(self, owner: dict[str, Any], attribute: _Attribute, path: Path, remarks: Remarks) -> None:
        name, limit = attribute.name, attribute.length_max
        place = (*path, name)
        value = owner.pop(name)
        reading = self._readings.get(name)
        meant = reading(value) if reading and not isinstance(value, str) else value
        if isinstance(meant, str) and limit is not None and len(meant) > limit:
            remarks.trimmed(place, len(meant), limit)
            meant = attribute.shorten(meant, limit)
        if meant is not None and _is(meant, attribute.type):
            owner[name] = meant
        else:
            remarks.removed(place, value)


def clean_object(value: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return *value* if it is an object with something in it; anything but an object is removed with a remark."""
    if isinstance(value, dict):
        return value or None
    remarks.removed(path, value, reason="expected an object")
    return None


def values_of(sent: Any, path: Path, remarks: Remarks) -> list[Any] | None:
    """Return the list in *sent*, which may be ``{"values": […]}``, the list itself, or a single object."""
    if isinstance(sent, dict):
        sent = sent.get("values", [sent])
    elif isinstance(sent, list):
        remarks.moved(path, (*path, "values"))
    if isinstance(sent, list):
        return sent
    if sent is not None:
        remarks.removed(path, sent, reason="expected a list")
    return None


def _is(value: Any, type_: Any) -> bool:
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return False
    return True


def _attribute(field: msgspec.structs.FieldInfo) -> _Attribute:
    shorten: Callable[[str, int], str] = cut
    described = msgspec.inspect.type_info(field.type)
    for part in described.types if isinstance(described, msgspec.inspect.UnionType) else (described,):
        if isinstance(part, msgspec.inspect.Metadata):
            shorten = (part.extra or {}).get("cut", cut)
            part = part.type  # noqa: PLW2901 - the type under its metadata
        if isinstance(part, msgspec.inspect.StrType):
            return _Attribute(field.encode_name, field.type, part.max_length, shorten)
    return _Attribute(field.encode_name, field.type, None, shorten)
