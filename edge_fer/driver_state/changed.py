"""`dataclasses.replace` for evidence, which changes a dozen times with each observation.

A frozen dataclass with 25 fields takes 27 us to replace on a workstation, most of it in its
`__init__`; its fields copied one by one take 8.
"""

from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Evidence = TypeVar("Evidence", bound="DataclassInstance")
else:
    Evidence = TypeVar("Evidence")

_set = object.__setattr__  # of a frozen class too


def changed(value: Evidence, **changes: Any) -> Evidence:
    """Return a copy of a dataclass with other values in some fields.

    TypeError for a field that it has not. What a `__post_init__` would check is not checked: it is
    refused where there is one.
    """
    kind = type(value)
    names = _names(kind)
    copy = object.__new__(kind)
    for name in names:
        _set(copy, name, getattr(value, name))
    for name, new in changes.items():
        if name not in names:
            raise TypeError(f"{kind.__name__} has no field {name!r}")
        _set(copy, name, new)
    return copy


@lru_cache(maxsize=64)
def _names(kind: type["DataclassInstance"]) -> dict[str, None]:
    if hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind.__name__} checks its values: use dataclasses.replace")
    return dict.fromkeys(field.name for field in fields(kind))
