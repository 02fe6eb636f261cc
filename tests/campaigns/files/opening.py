"""Hostile pictures that are opened in the app, without a model: the search that begins, and the row of the gallery."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from engine.fake_pictures import SOFTWARE
from engine.models.fingerprints import path_fingerprint
from engine.models.resolve import embedded_folder
from engine.open import Opening, open_file
from engine.options import Options
from engine.search.running import PARENT
from engine.target import target_for_prompt
from latentpng.chunk.codec import encode_record
from latentpng.noise.replay import record_of, replay
from latentpng.png.carriers import encode_carriers
from latentpng.record import JsonObject, LatentRecord, Lineage, Round, SeedRoot, TensorRoot
from tests.campaigns.files.mutations import mutated
from tests.campaigns.files.pixel_counts import megapixels_of
from tests.campaigns.files.readers import takes_long
from tests.campaigns.files.seeds import seeds
from tests.campaigns.files.tools import text_changed
from tests.campaigns.files.trial import Trial
from tests.support.engine.searching import Running
from tests.support.latentpng.files import png_of
from tui.app.gallery.reading import read_row
from tui.app.gallery.rows import PictureRow
from tui.app.gallery.words import details_of, preview_words
from tui.app.history.words import change_words, root_words
from tui.app.info import info_of

SHAPE = (4, 16, 16)  # of the noise of a small picture of the model that ships
_MOST_PIXELS = 128 * 128  # of a picture that the fake renderer paints
_OPTIONS = (
    Options(),
    Options(model="embedded"),
    Options(model="embedded", prompt="a dog"),
    Options(model="embedded", size=(64, 64), num_inference_steps=3),
    Options(scheduler="DPM++ 2M Karras", guidance_scale=3.0),
)


class OpenedPictures:
    """Opens one mutation after another."""

    def __init__(self) -> None:
        """Make pictures that the model which ships can render again, and take the other good ones."""
        self.good = [_with_carriers(record) for record in _records()]
        self._others = [*self.good, *seeds()]
        self._now = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)

    def __call__(self, trial: Trial, random: Random) -> None:
        """Try one mutation."""
        if random.random() < 0.2:
            prompt = {"parameters": "a cat\nSteps: 6, Sampler: Euler, CFG scale: 2, Seed: 5, Size: 128x128"}
            self.open(trial, text_changed(prompt, random), random)
        else:
            self.open(trial, mutated(random.choice(self.good), random.choice(self._others), random), random)

    def open(self, trial: Trial, data: bytes, random: Random) -> None:
        """Open a picture, list it, and begin a search with some."""
        path = trial.file(data)
        trial.megapixels, trial.is_whole = megapixels_of(data)
        self._list(trial, path)
        if takes_long(path):
            return
        options, prompt = random.choice(_OPTIONS), random.choice((None, "a dog"))
        sentences: list[str] = []
        opened = trial.reading(
            "opening", lambda: open_file(options, Options(model="embedded"), path, prompt, sentences.append)
        )
        if isinstance(opened, Opening) and not random.randrange(4):
            self._search(trial, opened)

    def _list(self, trial: Trial, path: Path) -> None:
        status = path.stat()
        row = trial.reading(
            "listing", lambda: read_row(PictureRow.found(str(path), status.st_mtime_ns, status.st_size))
        )
        if isinstance(row, PictureRow):
            trial.shown("the gallery", f"{details_of(row, self._now)}{preview_words(row)}")

    def _search(self, trial: Trial, opened: Opening) -> None:
        """Begin a search with the fake renderer, and look at what the app would show of its parent."""
        settings = opened.target.settings
        if settings.width * settings.height > _MOST_PIXELS:
            return
        folder = trial.place.folder / "session"

        def begin() -> object:
            running = Running(opened, folder)
            try:
                facts = info_of(running.search, PARENT)
                lineage = running.search.session.lineage
                words = [change_words(round_) for round_ in lineage.rounds[-8:] if round_.settings]
                return facts, words, root_words(lineage)
            finally:
                running.close()

        trial.reading("beginning a search", begin)
        shutil.rmtree(folder, ignore_errors=True)
        for left in trial.place.folder.glob("*"):
            if left.name != "hostile.png":
                left.unlink()


def _records() -> list[LatentRecord]:
    target = target_for_prompt(Options(model="embedded"), "a cat on a roof")
    model = {
        "name": "embedded",
        "pipeline": "StableDiffusionPipeline",
        "fingerprint": path_fingerprint(embedded_folder()),
    }
    settings = {**target.settings.to_json(), "model": model, "slot": [4, 3], "dtype": "float32"}
    rounds = (
        Round(seed=3, scale=0.5, of=8, marks=(2, 5)),
        Round(seed=0, scale=0.0, settings={"prompt": "a cat on a roof"}, before={"prompt": "a cat"}),
        Round(seed=4, scale=0.3, of=4, marks=(1,), region="0011/0011", bands=(1.0, 0.5, 0.25)),
        Round(seed=4, scale=0.3, of=4, marks=(3,), region="1100/1100", bands=(1.0, 0.5, 0.25)),
        Round(seed=5, scale=0.2, of=4, marks=(0,), prompt_scale=0.4),
    )
    lineage = Lineage(root=SeedRoot(seed=7), rounds=rounds)
    seeded = record_of(lineage, replay(lineage, SHAPE, "CHW"), axes="CHW", settings=settings, software=SOFTWARE)
    source: JsonObject = {
        "method": "inversion", "way": "free", "seed": "5", "photo": {"width": 640, "height": 480, "fit": "crop"},
        "steps": 12, "guidance": 1.0, "scheduler": "DDIMScheduler", "evaluations": 121, "psnr": 30.5, "vae_psnr": 34.0,
        "vae_only": 28.7, "std": 1.0, "kurtosis": 0.1, "lag1": 0.0, "octave_std": [1.0, 1.0, 1.0],
    }  # fmt: skip
    lineage = Lineage(root=TensorRoot(source=source), rounds=rounds[:1])
    root = seeded.tensor
    noise = replay(lineage, SHAPE, "CHW", root)
    inverted = record_of(lineage, noise, axes="CHW", root_tensor=root, settings=settings)
    return [seeded, inverted]


def _with_carriers(record: LatentRecord) -> bytes:
    whole = png_of()
    return whole[:33] + encode_carriers(record, encode_record(record), parameters=True) + whole[33:]
