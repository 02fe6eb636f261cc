"""Choose and sort files by their fields: `rounds>=3`, `prompt~lighthouse`, `-time`.

Texts are compared without regard to case.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from latentpng.errors import InvalidValueError
from latentpng.reports.fields import FIELDS, TEXTS, WHOLE_NUMBER, Value
from latentpng.text import brief

Item = TypeVar("Item")

_EXPRESSION = re.compile(r"\s*([a-z_]*)\s*(<=|>=|!=|==?|<|>|~)(.*)", re.DOTALL)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "~": operator.contains,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A comparison of a field with a value.

    Attributes:
        field: One of FIELDS.
        operator: One of = == != < <= > >= ~; ~ means "contains".
        wanted: The value; a text is in lower case (casefold), a time is in seconds since 1970.
    """

    field: str
    operator: str
    wanted: str | int | float

    def holds(self, value: Value) -> bool:
        """Return whether a value of the field satisfies the condition.

        Args:
            value: The value.  None, a number that the file does not record, differs from every number.
        """
        if value is None:
            return self.operator == "!="
        found = value.casefold() if isinstance(value, str) else value
        return _OPERATORS[self.operator](found, self.wanted)


def condition(option: str, expression: str) -> Condition:
    """Parse a condition as a person writes it.

    Args:
        option: How an error names the option.
        expression: FIELD OPERATOR VALUE, such as "rounds>=3" or "time < 2025-01-31".

    Raises:
        InvalidValueError: The expression has another form, the field does not exist, or the value does not fit it.
    """
    parts = _EXPRESSION.fullmatch(expression)
    if parts is None:
        raise InvalidValueError(f"{option}: a condition is a field, one of = != < <= > >= ~, and a value")
    name, sign, text = parts[1], parts[2], parts[3].strip()
    check_field(option, name)
    if name in TEXTS:
        return Condition(field=name, operator=sign, wanted=text.casefold())
    if sign == "~":
        raise InvalidValueError(f"{option}: ~ needs a text, and the field {name} is a number")
    wanted = _timestamp(option, text) if name == "time" else _number(option, text)
    return Condition(field=name, operator=sign, wanted=wanted)


def check_field(option: str, name: str) -> None:
    """Check the name of a field.

    Args:
        option: How the error names the option.
        name: The name to check.

    Raises:
        InvalidValueError: There is no such field.
    """
    if name not in FIELDS:
        raise InvalidValueError(f"{option}: there is no field {brief(name)}; the fields are {', '.join(FIELDS)}")


def ordered(items: Iterable[Item], value: Callable[[Item], Value], *, descending: bool) -> list[Item]:
    """Sort items by a value of each.

    Args:
        items: The items.
        value: A function that returns the value of an item.
        descending: Put the largest value first.

    Returns:
        The items; those without a value (None or "") come last in both directions, and equal ones keep their order.
    """
    with_value: list[tuple[str | int | float, Item]] = []
    without_value: list[Item] = []
    for item in items:
        found = value(item)
        if found is None or found == "":
            without_value.append(item)
        else:
            with_value.append((found.casefold() if isinstance(found, str) else found, item))
    with_value.sort(key=operator.itemgetter(0), reverse=descending)
    return [item for _, item in with_value] + without_value


def _number(option: str, text: str) -> int | float:
    try:
        number = int(text) if WHOLE_NUMBER.fullmatch(text) else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidValueError(f"{option}: the value of this field is a number, found {brief(text)}")
    return number


def _timestamp(option: str, text: str) -> float:
    from datetime import datetime

    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidValueError(
            f"{option}: the value of this field is a date such as 2025-01-31 or 2025-01-31T18:00, found {brief(text)}"
        ) from error
