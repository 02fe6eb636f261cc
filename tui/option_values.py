"""The values of options as people type them: each function is the `type` of an argument of argparse.

Each returns the value, and raises `argparse.ArgumentTypeError` with a sentence that gives the rule and what was found.
"""

from __future__ import annotations

import argparse
import re

from engine.configuration.durations import seconds_of
from engine.errors import InvalidRequestError
from engine.options import parse_device, parse_prediction, parse_size


def ahead(text: str) -> str:
    """Parse --ahead."""
    from engine.configuration.values import AHEAD_RULE, is_ahead

    if not is_ahead(text):
        raise argparse.ArgumentTypeError(f"{AHEAD_RULE}, found {text!r}")
    return text


def device(text: str) -> str:
    """Parse --device."""
    try:
        return parse_device(text)
    except InvalidRequestError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def size(text: str) -> tuple[int, int]:
    """Parse --size."""
    try:
        return parse_size(text)
    except InvalidRequestError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def region(text: str) -> str:
    """Parse --region, as far as that is possible before the shape of the noise is known."""
    from engine.search.regions import parse_region
    from latentpng.rules import MAX_REGION_SIDE

    try:
        parse_region(text, MAX_REGION_SIDE, MAX_REGION_SIDE)
    except InvalidRequestError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def prediction(text: str) -> str:
    """Parse --prediction."""
    try:
        return parse_prediction(text)
    except InvalidRequestError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def duration(text: str) -> float:
    """Parse --keep-alive into seconds."""
    try:
        return seconds_of(text)
    except InvalidRequestError as error:
        raise argparse.ArgumentTypeError(f"expected {error}") from error


def whole_number(text: str) -> int:
    """Parse --seed."""
    if not re.fullmatch(r"\d{1,20}", text.strip()) or int(text) >= 2**64:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 to 2^64 - 1, found {text!r}")
    return int(text)


def fraction(text: str) -> float:
    """Parse --scale."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"a scale is a number above 0 and at most 1, found {text!r}")
    return value


def count(text: str) -> int:
    """Parse --count."""
    if not re.fullmatch(r"\d{1,5}", text.strip()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a count is a whole number from 1, found {text!r}")
    return int(text)
