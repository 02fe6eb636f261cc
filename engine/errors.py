"""Everything that `engine` raises on purpose; each text is one plain sentence for the person at the keyboard.

EngineError
├── InvalidRequestError      asked for something that cannot be: a scale of 3, a mark that is not there
├── ModelError               the model cannot be used: missing, pickle weights, not a text-to-image pipeline
│   └── UnknownModelError    this machine does not know the model that a file names
├── RenderError              rendering failed: wrong noise shape, a crash of the worker
│   └── OutOfMemoryError     not even one picture fits
├── StoreError               a picture or the journal cannot be saved
└── RenderCancelled          the round was cancelled
"""


class EngineError(Exception):
    """Base of all errors of this package."""


class InvalidRequestError(EngineError, ValueError):
    """Asked for something that cannot be."""


class ModelError(EngineError):
    """The model cannot be used."""


class UnknownModelError(ModelError):
    """This machine does not know the model that a file names.

    made: the first half of the sentence.  near: of models like it, the path and the folder of the configuration.
    """

    def __init__(self, made: str, rest: str, *, near: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(f"{made}: {rest}")
        self.made, self.near = made, near


class RenderError(EngineError):
    """Rendering failed."""


class OutOfMemoryError(RenderError):
    """Not even one picture fits."""


class StoreError(EngineError):
    """A picture or the journal of a session cannot be saved; the text says which and why."""


class RenderCancelled(EngineError):
    """The round was cancelled before it was done."""
