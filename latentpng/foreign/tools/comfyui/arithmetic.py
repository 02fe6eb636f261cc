"""Calculate what simple nodes of arithmetic answer: an expression such as `a * 2 + 64`, or an operation on two numbers.

Only sums, products and roundings of numbers are understood.  Powers, and roundings to many digits, are refused, because
a short text can ask for a number that fills the memory.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType

Number = int | float

MAX_EXPRESSION = 200  # characters
MAX_MAGNITUDE = 2.0**64
MAX_DIGITS = 20  # that a number may be rounded to, before or behind its point
_BINARY: Mapping[type[ast.operator], Callable[[Number, Number], Number]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.FloorDiv: operator.floordiv,
        ast.Mod: operator.mod,
    }
)
_FUNCTIONS: Mapping[str, Callable[..., Number]] = MappingProxyType(
    {
        "int": int,
        "float": float,
        "round": lambda number, digits=0: _rounded(number, digits),
        "floor": math.floor,
        "ceil": math.ceil,
        "abs": abs,
        "min": min,
        "max": max,
    }
)
_WORDS: Mapping[str, type[ast.operator]] = MappingProxyType(
    {
        **dict.fromkeys(("add", "addition", "plus", "sum", "+", "a + b", "a+b"), ast.Add),
        **dict.fromkeys(("sub", "subtract", "subtraction", "minus", "-", "a - b", "a-b"), ast.Sub),
        **dict.fromkeys(("mul", "multiply", "multipl", "multiplication", "times", "*", "x", "a * b", "a*b"), ast.Mult),
        **dict.fromkeys(("div", "divide", "divid", "divis", "division", "/", "a / b", "a/b"), ast.Div),
        **dict.fromkeys(("floordiv", "floor division", "//", "a // b"), ast.FloorDiv),
        **dict.fromkeys(("mod", "modulo", "%", "a % b"), ast.Mod),
    }
)


def evaluate(expression: str, value_of: Callable[[str], Number | None]) -> Number | None:
    """Calculate an expression.

    Args:
        expression: The text of the expression.
        value_of: Returns the number of a variable by its name; None when it has none.

    Returns:
        A finite number; None when the expression is not understood or a variable has no number.
    """
    if not 0 < len(expression) <= MAX_EXPRESSION:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python's parser, about the text of a stranger
            tree = ast.parse(expression.strip(), mode="eval")
        return _limited(_value(tree.body, value_of))
    except (ArithmeticError, LookupError, MemoryError, RecursionError, SyntaxError, TypeError, ValueError):
        return None


def operate(operation: str, first: Number, second: Number) -> Number | None:
    """Calculate an operation that is named by a word or a sign ("Add", "multiply", "/").

    Returns:
        A finite number; None when the operation is not known or has no result.
    """
    chosen = _WORDS.get(operation.strip().casefold())
    try:
        return None if chosen is None else _limited(_BINARY[chosen](first, second))
    except ArithmeticError:
        return None


def _value(tree: ast.expr, value_of: Callable[[str], Number | None]) -> Number:
    """Return the number of a part of an expression; its depth is limited by the length of the text."""
    match tree:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.Name(id=name):
            known = value_of(name)
            if known is None:
                raise LookupError(name)
            return known
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, value_of)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            number = _BINARY[type(sign)](_value(left, value_of), _value(right, value_of))
            if _limited(number) is None:
                raise OverflowError
            return number
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*(_value(each, value_of) for each in arguments))
    raise ValueError("the expression has a part that is not understood")


def _rounded(number: Number, digits: Number) -> Number:
    if not isinstance(digits, int) or abs(digits) > MAX_DIGITS:
        raise ValueError(f"a number is rounded to at most {MAX_DIGITS} digits")
    return round(number, digits) if digits else round(number)


def _limited(number: Number) -> Number | None:
    return number if math.isfinite(number) and abs(number) <= MAX_MAGNITUDE else None
