"""How large a message may be; both ends check this, the receiver before it reserves memory."""

from __future__ import annotations

from engine.rendering.settings import MAX_SIDE
from latentpng.shapes import MAX_ELEMENTS

MAX_PIXELS = 3 * MAX_SIDE * MAX_SIDE
"""Bytes of the largest picture."""
MAX_NOISE = 2 * MAX_ELEMENTS
"""Bytes of the largest noise, in float16."""
MAX_HEAD = 2**24
"""Bytes of everything else in a message."""
MAX_PART = max(MAX_PIXELS, MAX_NOISE)
"""Bytes of one buffer."""
MAX_PARTS = 64
"""Buffers of a message; systems accept 1024 in one call (IOV_MAX)."""
MAX_FRAME = MAX_HEAD + MAX_PIXELS + MAX_NOISE
"""Bytes of a message with all its buffers."""
MAX_TEXT = 2**22
"""Characters of a text."""
MAX_ITEMS = 2**18
"""Items of a list or an object; the metadata of a file have at most half as many."""
MAX_VALUES = 2**20
"""Values, lists and objects of a message, all together: each takes up to 240 bytes once it is decoded."""
MAX_TUPLE = 2**20
"""Bytes of a tuple of JSON; tuples in each other are copied as often as there are levels."""
MAX_DEPTH = 64
"""Lists and objects of JSON in each other; a file has at most 32."""
MAX_INTEGER = 32
"""Bytes of a whole number; JSON in a file has numbers of at most 40 digits, which need 17."""
MAX_AXES = 8
"""Dimensions of noise."""
