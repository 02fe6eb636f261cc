"""The ways a terminal can show pictures: kitty, sixel, half-cell characters."""
