"""From a photograph and what a person chooses to what inverts it: model, settings, pixels of their size, one job.

Resolves the model and fits the pixels; loads and renders nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from engine.errors import InvalidRequestError
from engine.models.invertible import may_be_inverted
from engine.models.resolve import defaults_of
from engine.options import Options
from engine.photos.fit import Fit, fitted, size_for
from engine.records import Photograph
from engine.rendering.events import Picture
from engine.rendering.requests import InversionWay, InvertJob
from engine.search.bands import Bands, factors_of
from engine.search.seeds import fresh_seed_of, step_seed_of
from engine.target import Target, model_of, target_for_prompt
from latentpng.record import LatentRecord, Lineage, Round

GUIDANCE = 1.0
OWN = ""
"""The scheduler option for the model's own scheduler."""


class Keep(StrEnum):
    """What of a photograph stays in the first picture.

    Attributes:
        ALL: Everything: the picture repeats it.
        LAYOUT: The coarse octaves of the noise; the fine ones are drawn anew.
        DETAIL: The fine octaves; the coarse ones are drawn anew.
    """

    ALL = "all"
    LAYOUT = "layout"
    DETAIL = "detail"


@dataclass(frozen=True, kw_only=True, slots=True)
class InversionChoices:
    """What a person chooses about the inversion of a photograph.

    Attributes:
        prompt: What the photograph shows.
        way: How its noise is found.
        keep: What of it stays.
        fit: How it is fitted to the size of the model.
    """

    prompt: str = ""
    way: InversionWay = InversionWay.EXACT
    keep: Keep = Keep.ALL
    fit: Fit = Fit.CROP


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedPhoto:
    """A photograph that can be inverted as soon as its model is loaded.

    Attributes:
        photograph: The photograph.
        choices: What was chosen.
        target: What renders it again; its guidance is 1.
        picture: The photograph at the size of the target.
        seed: Fixes everything that is drawn: the noise that `InversionWay.FREE` adds, and what is not kept.
    """

    photograph: Photograph
    choices: InversionChoices
    target: Target
    picture: Picture
    seed: int

    def job(self, number: int) -> InvertJob:
        """Return the job that inverts it.

        Args:
            number: The number of the job.
        """
        photo = self.photograph.photo
        return InvertJob(
            job=number,
            width=self.picture.width,
            height=self.picture.height,
            rgb=self.picture.rgb,
            settings=self.target.settings,
            way=self.choices.way,
            seed=self.seed,
            source={"photo": {"width": photo.width, "height": photo.height, "fit": self.choices.fit.value}},
            previews=True,
        )

    def lineage(self, record: LatentRecord) -> Lineage:
        """Return the lineage to begin with.

        Args:
            record: That of the inverted photograph.

        Returns:
            The lineage of the record; with one round that draws anew what is not to be kept.

        Raises:
            InvalidRequestError: A part is to be kept, and the noise of the model has no layout and detail.
        """
        moved = {Keep.LAYOUT: Bands.DETAIL, Keep.DETAIL: Bands.LAYOUT}.get(self.choices.keep)
        if moved is None:
            return record.lineage
        from latentpng.shapes import octaves

        bands = factors_of(moved, octaves(record.tensor.shape, record.axes))
        if not bands:
            raise InvalidRequestError(
                f"the noise of {self.target.load.model.name!r} has no layout and detail that could be told apart: "
                "keep everything"
            )
        return record.lineage.child(Round(seed=fresh_seed_of(self.seed), scale=1.0, bands=bands))


def prepare_photo(options: Options, photograph: Photograph, choices: InversionChoices) -> PreparedPhoto:
    """Resolve the model and the settings, and fit the photograph.  It takes time.

    Args:
        options: What was asked for, as for a new prompt; their guidance is ignored.  Without a seed, one is drawn, and
            where the default scheduler of the model cannot be inverted, the model's own takes its place.
        photograph: The photograph.
        choices: What a person chose.

    Returns:
        The photograph, ready to be inverted.

    Raises:
        ModelError: The model cannot be used.
        InvalidRequestError: A setting is out of range.
    """
    seed = options.seed_or_random()
    target = target_for_prompt(_with_invertible_scheduler(options), choices.prompt)
    settings = target.settings
    width, height = size_for(photograph.photo, (settings.width, settings.height), choices.fit)
    settings = replace(settings, width=width, height=height, step_seed=step_seed_of(seed))
    rgb = fitted(photograph.photo, (width, height), choices.fit)
    return PreparedPhoto(
        photograph=photograph,
        choices=choices,
        target=target.with_settings(settings),
        picture=Picture(width=width, height=height, rgb=rgb),
        seed=seed,
    )


def _with_invertible_scheduler(options: Options) -> Options:
    """Return the options for an inversion; a scheduler that was asked for stays, the worker refuses it if need be."""
    options = replace(options, guidance_scale=GUIDANCE).for_new_prompt()
    if options.scheduler is not None or may_be_inverted(defaults_of(model_of(options)).scheduler):
        return options
    return replace(options, scheduler=OWN)


def refuse_guidance(options: Options) -> None:
    """Refuse a guidance other than 1 that a person asked for.

    Args:
        options: What was asked for.

    Raises:
        InvalidRequestError: Such a guidance was typed.
    """
    guidance = options.guidance_scale
    if guidance is not None and guidance != GUIDANCE and "guidance_scale" in options.given:
        raise InvalidRequestError(
            f"at guidance {guidance:g} the noise that is found is not Gaussian and cannot be varied: leave out "
            "--guidance, photographs are inverted at guidance 1"
        )
