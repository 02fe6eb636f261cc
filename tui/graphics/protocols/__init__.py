"""The ways in which a terminal can show pictures: kitty's protocol, sixels, half-cell characters."""
