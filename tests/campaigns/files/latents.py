"""Mutated pictures with latents, given to every reader of `latentpng`: no two readers may disagree."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.campaigns.files.mutations import mutated
from tests.campaigns.files.readers import ContradictionError, examine
from tests.campaigns.files.seeds import seeds
from tests.campaigns.files.trial import LIMIT_MS, Trial
from tests.support.latentpng.pictures import seeded_record

_TRIES = 3


class MutatedLatents:
    """Gives one mutation after another to all readers."""

    def __init__(self) -> None:
        """Make the good files."""
        self._seeds, self._record = seeds(), seeded_record()

    def __call__(self, trial: Trial, random: Random) -> None:
        """Try one mutation."""
        path = trial.file(mutated(random.choice(self._seeds), random.choice(self._seeds), random))
        try:
            self._examine(trial, path)
        except ContradictionError as error:
            trial.fault(str(error))
        except Exception as error:
            trial.fault(f"a reader fails with {error!r:.300}")
        path.with_suffix(".copy").unlink(missing_ok=True)

    def warm_up(self, folder: Path) -> None:
        """Give the good files to all readers, so that imports and permanent caches belong to the baseline."""
        for data in self._seeds:
            path = folder / "hostile.png"
            path.write_bytes(data)
            examine(path, self._record)

    def _examine(self, trial: Trial, path: Path) -> None:
        least: dict[str, float] = {}
        for _ in range(_TRIES):
            for name, outcome in examine(path, self._record).items():
                taken = outcome.milliseconds - trial.allowed_ms
                least[name] = min(taken, least.get(name, taken))
            if max(least.values()) <= LIMIT_MS:
                break
        for name, milliseconds in least.items():
            trial.took(name, milliseconds)
