"""The colours of the landscapes, RGB in 0..255.

The colours of nights are bright, because a model learns little from pictures that are dark all over.
"""

from __future__ import annotations

Colour = tuple[float, float, float]

# time of day -> name of the sky -> colour at the top, in the middle, at the horizon
SKIES: dict[str, dict[str, tuple[Colour, Colour, Colour]]] = {
    "dawn": {
        "pink": ((136, 140, 206), (246, 170, 184), (255, 222, 190)),
        "golden": ((120, 168, 208), (250, 206, 140), (255, 238, 190)),
        "lavender": ((120, 112, 190), (196, 160, 214), (250, 212, 214)),
    },
    "day": {
        "blue": ((44, 122, 220), (118, 186, 248), (216, 238, 252)),
        "turquoise": ((20, 140, 180), (96, 206, 214), (214, 246, 234)),
        "grey": ((120, 136, 154), (166, 180, 192), (216, 222, 226)),
    },
    "sunset": {
        "orange": ((84, 50, 116), (238, 110, 72), (255, 204, 96)),
        "red": ((74, 22, 66), (208, 48, 60), (255, 140, 80)),
        "purple": ((52, 34, 112), (156, 64, 158), (255, 150, 134)),
        "pink": ((76, 66, 150), (236, 100, 150), (255, 190, 160)),
    },
    "night": {
        "blue": ((16, 26, 86), (34, 62, 140), (96, 130, 198)),
        "teal": ((8, 46, 78), (18, 92, 118), (78, 164, 164)),
        "purple": ((38, 22, 90), (82, 50, 142), (156, 104, 188)),
    },
}
# the light on the land: its colour and its strength
AMBIENT: dict[str, tuple[Colour, float]] = {
    "dawn": ((255, 210, 196), 0.94),
    "day": ((255, 255, 250), 1.0),
    "sunset": ((255, 160, 130), 0.78),
    "night": ((136, 156, 232), 0.68),
}
SUN: dict[str, Colour] = {
    "yellow": (255, 226, 96),
    "white": (255, 252, 236),
    "orange": (255, 150, 50),
    "red": (240, 54, 44),
}
MOON: dict[str, Colour] = {
    "white": (246, 246, 234),
    "yellow": (255, 228, 140),
    "blue": (176, 212, 255),
    "red": (236, 104, 80),
}
MOUNTAIN: dict[str, Colour] = {
    "blue": (74, 104, 160),
    "purple": (112, 82, 150),
    "green": (70, 128, 92),
    "red": (168, 78, 62),
    "grey": (112, 118, 128),
}
PAINT: dict[str, Colour] = {
    "red": (222, 50, 46),
    "blue": (46, 108, 220),
    "yellow": (250, 204, 50),
    "white": (246, 246, 240),
    "green": (60, 170, 80),
    "pink": (244, 120, 170),
    "orange": (250, 140, 40),
}
GROUND: dict[str, Colour] = {
    "meadow": (104, 176, 70),
    "desert": (232, 184, 112),
    "snow": (232, 240, 250),
    "autumn": (214, 136, 52),
}
TREE: dict[str, Colour] = {
    "pine": (36, 96, 70),
    "round": (64, 148, 66),
    "palm": (50, 136, 76),
    "cactus": (64, 138, 84),
    "blossom": (244, 150, 190),
}
AUTUMN_LEAVES: Colour = (222, 106, 40)
RAINBOW: tuple[Colour, ...] = (
    (230, 70, 70),
    (245, 150, 60),
    (250, 225, 80),
    (90, 195, 100),
    (80, 140, 235),
    (150, 90, 210),
)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return a mix of two colours: `first` for a share of 0, `second` for 1."""
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )
