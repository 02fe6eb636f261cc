"""All errors that `engine` raises on purpose; each message is one plain sentence for the person at the keyboard.

EngineError
├── InvalidRequestError      the request makes no sense: a scale of 3, a mark outside the grid
├── ModelError               the model cannot be used: missing, pickle weights, not a text-to-image pipeline
│   ├── UnknownModelError    the model that a picture records is not known on this machine
│   └── ForbiddenError       loading the model would unpickle, connect, open other files, or take all memory
├── RenderError              rendering failed: wrong noise shape, a crash of the worker
│   └── OutOfMemoryError     not even one picture fits into memory
├── StoreError               a picture or the journal cannot be saved
├── KeptWorkerError          the worker that stays is not running, does not fit, or cannot be reached or started
├── WireError                a message between a program and its worker breaks a rule
└── RenderCancelled          the job was cancelled
"""

from latentpng.text import plain

_MAX_LENGTH = 700


class EngineError(Exception):
    """Base of all errors of this package.

    What it says may quote a file, so control characters are left out, and a text without an end is cut.
    """

    def __init__(self, sentence: str = "") -> None:
        super().__init__(plain(sentence, _MAX_LENGTH))


class InvalidRequestError(EngineError, ValueError):
    """The request makes no sense."""


class ModelError(EngineError):
    """The model cannot be used."""


class ForbiddenError(ModelError):
    """Loading the model would do what no model may make a library do."""


class UnknownModelError(ModelError):
    """The model that a picture records is not known on this machine.

    Attributes:
        made: The first half of the sentence: what the picture was made with.
        near: For each similar model that is known, its path and the folder of its configuration ("" for none).
    """

    def __init__(self, made: str, rest: str, *, near: tuple[tuple[str, str], ...] = ()) -> None:
        """Build the sentence of `made` and `rest`, which says what to do."""
        super().__init__(f"{made}: {rest}")
        self.made, self.near = made, near


class RenderError(EngineError):
    """Rendering failed."""


class OutOfMemoryError(RenderError):
    """Not even one picture fits into memory."""


class StoreError(EngineError):
    """A picture or the journal of a session cannot be saved; the text says which and why."""


class KeptWorkerError(EngineError):
    """The worker that stays is not running, does not fit this program, or cannot be reached or started."""


class WireError(EngineError):
    """A message between a program and its worker breaks a rule; the connection is of no use after one was received."""


class RenderCancelled(EngineError):  # noqa: N818 (no error: it was asked for)
    """The job was cancelled: the end that was asked for, not an error."""
