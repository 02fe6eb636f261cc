"""Typed access to the values of a JSON object: one check and one message for each kind of value.

For JSON that has to be right: a missing or wrong value is an error.  The files of other tools are read by
`latentpng.foreign.tools.loose` instead, where a wrong value counts as absent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeGuard

from latentpng.errors import InvalidValueError
from latentpng.record import Json, JsonObject
from latentpng.rules import MAX_SEED
from latentpng.text import brief


class _Required:
    """The type of the default that makes a key required."""


REQUIRED: Final = _Required()
_LAST_SEED = str(MAX_SEED)


@dataclass(frozen=True, slots=True)
class JsonFields:
    """A JSON object whose values are read by their kind.

    Every method takes a key and a default.  Without a default the key is required.

    Attributes:
        entries: The object.
        context: The start of every message, for example "settings: ".
        error: The exception that is raised; its only argument is the message.
    """

    entries: JsonObject
    context: str = ""
    error: type[Exception] = InvalidValueError

    def value(self, key: str, default: Json | _Required = REQUIRED) -> Json:
        """Return the value of any kind."""
        if key in self.entries:
            return self.entries[key]
        if isinstance(default, _Required):
            raise self.error(f"{self.context}{key} is missing")
        return default

    def text(self, key: str, default: str | _Required = REQUIRED) -> str:
        """Return a string."""
        value = self.value(key, default)
        if not isinstance(value, str):
            raise self._wrong(key, "a text", value)
        return value

    def boolean(self, key: str, default: bool | _Required = REQUIRED) -> bool:
        """Return true or false."""
        value = self.value(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false", value)
        return value

    def integer(self, key: str, default: int | _Required = REQUIRED, *, or_digits: bool = False) -> int:
        """Return a whole number; true and false are none.

        Args:
            key: The key.
            default: The value when the key is missing.
            or_digits: Also accept a string of at most 20 decimal digits, as 64-bit numbers are written.
        """
        value = self.value(key, default)
        if or_digits and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
            return int(value)
        if not is_integer(value):
            raise self._wrong(key, "a whole number", value)
        return value

    def number(self, key: str, default: float | _Required = REQUIRED) -> float:
        """Return a finite number as a float; true and false are none."""
        value = self.value(key, default)
        if not is_number(value):
            raise self._wrong(key, "a number", value)
        try:
            number = float(value)
        except OverflowError as error:
            raise self._wrong(key, "a number in the range of 64-bit floats", value) from error
        if not math.isfinite(number):
            raise self._wrong(key, "a finite number", value)
        return number

    def seed(self, key: str, default: int | _Required = REQUIRED) -> int:
        """Return a seed from 0 to 2^64 - 1, written as a decimal string: JSON numbers lose digits in some readers."""
        value = self.value(key, REQUIRED if isinstance(default, _Required) else str(default))
        if not is_seed(value):
            raise self._wrong(key, "a decimal string from 0 to 2^64 - 1", value)
        return int(value)

    def array(self, key: str, default: list[Json] | _Required = REQUIRED) -> list[Json]:
        """Return an array."""
        value = self.value(key, default)
        if not isinstance(value, list | tuple):
            raise self._wrong(key, "a list", value)
        return list(value)

    def mapping(self, key: str, default: JsonObject | _Required = REQUIRED) -> JsonObject:
        """Return an object."""
        value = self.value(key, default)
        if not isinstance(value, Mapping):
            raise self._wrong(key, "an object", value)
        return value

    def _wrong(self, key: str, needed: str, value: Json) -> Exception:
        return self.error(f"{self.context}{key} is {needed}, found {brief(value)}")


def is_integer(value: object) -> TypeGuard[int]:
    """Return whether a JSON value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a JSON value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_seed(value: object) -> TypeGuard[str]:
    """Return whether a JSON value is a seed: a decimal string from 0 to 2^64 - 1, without leading zeros."""
    if type(value) is not str or not value.isdigit() or not value.isascii():
        return False
    if value[0] == "0":
        return value == "0"
    return len(value) < len(_LAST_SEED) or (len(value) == len(_LAST_SEED) and value <= _LAST_SEED)
