"""The model of new prompts: found in a thread, because it may be a name that folders are searched for.

It is the one that was asked for, until another one is chosen on the start screen.  A choice that loads is remembered
for the next start.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import App

from engine.errors import EngineError
from latentpng.errors import LatentPngError
from tui.app.messages import ModelFound, OpeningFailed
from tui.app.work import begin

if TYPE_CHECKING:
    from engine.options import Options
    from engine.rendering.requests import LoadModel
    from engine.target import Target
    from tui.app.model_load import ModelLoad

EMBEDDED = "embedded"


class PromptModel:
    """Finds the model for an app; the answers are the messages ModelFound and OpeningFailed.

    Attributes:
        options: What the person asked for, with the model that was chosen last.
        examples: Prompts that suit the model; () until it is found.
        name: The name of the model, as far as it is known.
    """

    def __init__(self, app: App[Any], options: Options) -> None:
        self.options = options
        self.examples: tuple[str, ...] = ()
        self.name = options.model or EMBEDDED
        self._app = app
        self._chosen: LoadModel | None = None

    def find(self) -> None:
        """Find the model that was asked for."""
        begin(self._app, partial(self._find, self.options, ""), "prompt model", exclusive=True)

    def choose(self, model: str) -> None:
        """Find a different model; an earlier choice that is still looked for is given up.

        Args:
            model: As for `--model`.
        """
        begin(self._app, partial(self._find, self.options, model), "prompt model", exclusive=True)

    def take(self, message: ModelFound) -> None:
        """Use a model that was found."""
        self.options, self.examples = message.options, message.target.defaults.prompts
        self.name = message.target.load.model.name
        self._chosen = message.target.load if message.is_chosen else None

    def remember(self, load: ModelLoad) -> None:
        """Keep the choice for the next start, once it is loaded."""
        if self._chosen is None or load.ready is None or load.ready.request.model_key != self._chosen.model_key:
            return
        from engine.models.start_model import remember_start_model

        model = self._chosen.model
        self._chosen = None
        remember_start_model(EMBEDDED if model.name == EMBEDDED else model.path)

    async def _find(self, options: Options, model: str) -> None:
        try:
            found, target = await asyncio.to_thread(_target, options, model)
        except (EngineError, LatentPngError, OSError) as error:
            self._app.post_message(OpeningFailed(str(error)))
        else:
            self._app.post_message(ModelFound(options=found, target=target, is_chosen=bool(model)))


def _target(options: Options, model: str) -> tuple[Options, Target]:
    """The options with this model, and what renders a prompt with it; it takes time, and so do the imports."""
    from engine.configuration.read import read_configuration
    from engine.profiles import settled
    from engine.target import target_for_prompt

    if model:
        options = replace(options, model=model, config="", given=options.given | {"model"})
        options = settled(options, read_configuration())
    return options, target_for_prompt(options, "")
