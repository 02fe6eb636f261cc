"""The journal of a session: a file in its folder that holds what no single picture can.

That is the tree with its stars, where the search stands, the ways back and forward, and which file holds which picture.
With it a session goes on later as if it had never ended.  Without it every picture can still be opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import StoreError
from engine.paths import open_regular
from engine.search import journal_limits
from engine.search.journal_files import JOURNAL_NAME
from engine.search.journal_json import session_from_json, session_to_json
from engine.search.session import Session, with_count, with_octaves
from engine.search.variants import NO_EDIT, Recorded
from latentpng.chunk.strict_json import json_text, read_json
from latentpng.errors import InvalidValueError, UnwritableFileError
from latentpng.identity import Key
from latentpng.json_fields import JsonFields
from latentpng.png.atomic import write_atomically, write_new
from latentpng.png.disk import make_folder
from latentpng.record import Json, JsonObject
from latentpng.text import plain

_MAX_SUMMARY_BYTES = 2**19
_MAX_PROMPT = 20_000
"""Characters of a prompt that lists know; the settings that are recorded hold all of it."""
_MARK, _VERSION = "warmer_session", 1
_KEY_DIGITS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What lists show of a session; it is the first line of the journal, so that a list reads no more.

    Attributes:
        prompt: The prompt in use.
        model: The name of the model in use.
        pictures: The number of saved pictures.
        cover: The file of the newest picture on the way to the parent, as a name in the folder or an absolute path;
            "" for none.
        writer: As that of the journal.
    """

    prompt: str
    model: str
    pictures: int = 0
    cover: str = ""
    writer: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """A session and its files.

    Attributes:
        folder: The folder of the session.
        session: The session.
        prompt: The prompt in use, for lists: a very long one is cut.
        model: The name of the model in use.
        files: The file of each saved picture, by the key of its lineage.
        recorded: What a picture of each variant records, by the key of the edit, as far as one was rendered.
        root_noise: SHA-256 (hex) of the stored noise of a tensor root, which every saved picture holds; "" for a seed
            root.
        name: The name of its file in the folder.
        writer: A text that tells the running search which wrote it from any other; "" where that is not known.
    """

    folder: Path
    session: Session
    prompt: str = ""
    model: str = ""
    files: Mapping[Key, Path] = field(default_factory=dict)
    recorded: Mapping[Key, Recorded] = field(default_factory=dict)
    root_noise: str = ""
    name: str = JOURNAL_NAME
    writer: str = ""

    @property
    def summary(self) -> Summary:
        """What lists show of it."""
        tree, way = self.session.tree, self.session.tree.path(self.session.place.node)
        covers = (self.files[tree.nodes[node].key] for node in reversed(way) if tree.nodes[node].key in self.files)
        cover = next(covers, None)
        return Summary(
            prompt=self.prompt,
            model=self.model,
            pictures=len(self.files),
            cover="" if cover is None else _name_of(cover, self.folder),
            writer=self.writer,
        )

    def resume(self, octaves: int, count: int, sides: tuple[int, int] = (0, 0)) -> Session:
        """Return the session, to go on with it.

        Args:
            octaves: The number of octaves of the noise of the model that is loaded now.
            count: The number of candidates that fit on the screen now.
            sides: Height and width of that noise; (0, 0) when it has no spatial axes.
        """
        return with_count(with_octaves(self.session, octaves, sides), count)


def write_journal(journal: Journal, names: Iterable[str] = ()) -> str:
    """Replace the journal in a session's folder, or write a new one; readers see the old one or the new one.

    Args:
        journal: The content; files whose names are no text (bytes that are no UTF-8) are left out.
        names: For a new journal: its names, of which it gets the first that nothing has.  They may go on without an
            end.  Without names, the journal of its name is replaced.

    Returns:
        The name of the file.

    Raises:
        StoreError: The file or its folder cannot be written, or the session is larger than a journal may be.
    """
    data = _checked(journal)
    with _refusals(journal.folder):
        make_folder(journal.folder)
        if names:
            return write_new((journal.folder / name for name in names), [data]).name
        write_atomically(journal.folder / journal.name, [data])
        return journal.name


@contextmanager
def _refusals(folder: Path) -> Iterator[None]:
    """Turn errors of writing into StoreError."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{folder}: the session cannot be saved in this folder: {error.strerror or error}") from error
    except UnwritableFileError as error:
        raise StoreError(f"the session cannot be saved: {error}") from error


def _checked(journal: Journal) -> bytes:
    """Return what is written, if it can be read again."""
    try:
        journal_limits.check_tree(journal.session.tree)
        journal_limits.check_files(len(journal.files))
        data = _encoded(journal)
        journal_limits.check_data(data)
    except InvalidValueError as error:
        raise StoreError(
            f"{plain(str(journal.folder))}: this search is too large for its journal ({error}), which stays as it was; "
            "its pictures are still saved: open the last one by itself, and go on in a new search"
        ) from error
    return data


def _encoded(journal: Journal) -> bytes:
    summary = journal.summary
    head: dict[str, Json] = {
        _MARK: _VERSION,
        "prompt": _text(summary.prompt)[:_MAX_PROMPT],
        "model": _text(summary.model),
        "pictures": summary.pictures,
        "cover": _text(summary.cover),
        "writer": summary.writer,
    }
    indices = {node.key: index for index, node in enumerate(journal.session.tree.nodes)}
    body: dict[str, Json] = {
        **session_to_json(journal.session),
        "root_noise": journal.root_noise,
        "files": {
            key.hex(): name
            for key, file in journal.files.items()
            if _text(name := _name_of(file, journal.folder)) == name
        },
        "variants": [
            {"node": indices.get(key, -1), "settings": known.settings, "software": known.software}
            for key, known in journal.recorded.items()
            if key in indices or key == NO_EDIT
        ],
    }
    return f"{json_text(head)[:-1]},\n{json_text(body)[1:]}\n".encode("ascii")


def read_journal(folder: Path, name: str = JOURNAL_NAME) -> Journal:
    """Return the journal of a session.

    Args:
        folder: The folder of the session.
        name: The name of the journal in it.

    Raises:
        StoreError: There is none, or it is damaged or newer than this program; the message is a sentence.
    """
    start = f"{plain(str(folder))}: this session cannot be continued"
    try:
        with open_regular(folder / name) as file:
            data = file.read(journal_limits.MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise StoreError(f"{start}: there is no {name} in its folder") from error
    except OSError as error:
        raise StoreError(f"{start}: {name} cannot be read ({error.strerror or error})") from error
    try:
        journal_limits.check_data(data)
        return _parsed(folder, name, read_json(data))
    except InvalidValueError as error:
        raise StoreError(f"{start}: its {name} is damaged or of another program ({error})") from error


def read_summary(file: Path) -> Summary | None:
    """Return what lists show of a session; None when its journal is damaged.

    Args:
        file: The journal; only its first line is read.

    Raises:
        OSError: It cannot be read.
    """
    with open_regular(file) as stream:
        line = stream.readline(_MAX_SUMMARY_BYTES)
    try:
        fields = JsonFields(read_json(line.rstrip(b",\n") + b"}"))
        if fields.integer(_MARK) != _VERSION:
            return None
        return Summary(
            prompt=fields.text("prompt"),
            model=fields.text("model"),
            pictures=fields.integer("pictures"),
            cover=_checked_name(fields.text("cover")),
            writer=fields.text("writer", ""),
        )
    except InvalidValueError:
        return None


def _parsed(folder: Path, name: str, entries: JsonObject) -> Journal:
    """Return the journal that a JSON object spells; InvalidValueError when an entry is missing or wrong."""
    fields = JsonFields(entries)
    if fields.integer(_MARK) != _VERSION:
        raise InvalidValueError(f"version {_VERSION} is known here, found {fields.integer(_MARK)}")
    session = session_from_json(fields)
    files = fields.mapping("files")
    journal_limits.check_files(len(files))
    names = JsonFields(files, "files: ")
    return Journal(
        folder=folder,
        session=session,
        prompt=fields.text("prompt"),
        model=fields.text("model"),
        files={_key(key): folder / _checked_name(names.text(key)) for key in files},
        recorded=dict(_variant(entry, session) for entry in fields.array("variants")),
        root_noise=fields.text("root_noise"),
        name=name,
        writer=fields.text("writer", ""),
    )


def _variant(entry: Json, session: Session) -> tuple[Key, Recorded]:
    fields = JsonFields(JsonFields({"variant": entry}).mapping("variant"), "variant: ")
    node = fields.integer("node")
    if not -1 <= node < len(session.tree.nodes):
        raise InvalidValueError(f"variant: there is no node {node}")
    key = NO_EDIT if node < 0 else session.tree.nodes[node].key
    return key, Recorded(settings=fields.mapping("settings"), software=fields.mapping("software"))


def _key(digits: str) -> Key:
    try:
        key = bytes.fromhex(digits)
    except ValueError as error:
        raise InvalidValueError("files: a key is hexadecimal") from error
    if len(digits) != _KEY_DIGITS or len(key) != _KEY_DIGITS // 2:
        raise InvalidValueError(f"files: a key has {_KEY_DIGITS} digits, found {len(digits)}")
    return key


def _name_of(file: Path, folder: Path) -> str:
    """Return the name of a file in the folder, or the absolute path of one elsewhere."""
    return file.name if file.absolute().parent == folder.absolute() else str(file.absolute())


def _checked_name(name: str) -> str:
    """Return a name in the folder or an absolute path; a name that leads out of the folder is an error."""
    if not name.startswith("/") and ("/" in name or name in (".", "..")):
        raise InvalidValueError("files: a file is a name in the folder or an absolute path")
    if "\0" in name:
        raise InvalidValueError("files: a name holds a zero byte")
    return name


def _text(text: str) -> str:
    """Return a text without halves of surrogate pairs, which readers of JSON refuse."""
    return text.encode("utf-8", "replace").decode("utf-8")
