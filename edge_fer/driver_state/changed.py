"""A fast `dataclasses.replace` for evidence, which changes a dozen times with each observation.

Replacing a frozen dataclass with 28 fields takes 27 us on a workstation, most of it in its
`__init__`; 3.3 us if its fields are copied one by one; and 0.7 us here, where its `__dict__` is
copied at once. Evidence therefore has no slots.
"""

from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Evidence = TypeVar("Evidence", bound="DataclassInstance")
else:
    Evidence = TypeVar("Evidence")


def changed(value: Evidence, **changes: Any) -> Evidence:
    """Return a copy of a dataclass without slots, with other values in some fields.

    TypeError for an unknown field, and for a class with a `__post_init__`, which would not run.
    """
    kind = type(value)
    names = _names(kind)
    copy = object.__new__(kind)
    values = copy.__dict__
    values.update(value.__dict__, **changes)
    if len(values) != len(names):
        unknown = next(name for name in values if name not in names)
        raise TypeError(f"{kind.__name__} has no field {unknown!r}")
    return copy


@lru_cache(maxsize=64)
def _names(kind: type["DataclassInstance"]) -> frozenset[str]:
    if hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind.__name__} checks its values: use dataclasses.replace")
    if hasattr(kind, "__slots__"):
        raise TypeError(f"{kind.__name__} has slots: use dataclasses.replace")
    return frozenset(field.name for field in fields(kind))
