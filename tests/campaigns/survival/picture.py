"""The picture that the tools get: a typical one, with a latent chunk of 28 KB."""

from __future__ import annotations

from latentpng.noise.replay import record_of, replay
from latentpng.record import JsonObject, LatentRecord, Lineage, Round, SeedRoot

WIDTH, HEIGHT = 96, 64
RGB = bytes(
    channel
    for y in range(HEIGHT)
    for x in range(WIDTH)
    for channel in (x * 255 // WIDTH, y * 255 // HEIGHT, (x * y * 7 + x * x) % 256)
)
PROMPT = "a lighthouse on a cliff at dusk, long exposure, waves like fog, a lantern in the window, oil on canvas"


def picture_record() -> LatentRecord:
    """Return the record of the picture: two rounds from a seed, noise of 4 x 64 x 64."""
    rounds = (
        Round(seed=11, scale=0.4, of=8, marks=(2, 5)),
        Round(seed=12, scale=0.2, of=8, marks=(1,), region="0110/1111"),
    )
    family = Lineage(root=SeedRoot(seed=20240229), rounds=rounds)
    noise = replay(family, (4, 64, 64), "CHW")
    settings: JsonObject = {
        "prompt": PROMPT,
        "negative_prompt": "blurry, watermark",
        "steps": 20,
        "guidance": 7.5,
        "width": 512,
        "height": 512,
    }
    return record_of(family, noise, axes="CHW", settings=settings, software={"warmer": "0.1.0"})
