"""The edit panel: the same noise with other words, steps, guidance, scheduler, size, LoRA files or model."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from engine.edit import Edit
from engine.errors import EngineError
from engine.rendering.requests import ModelChoice
from engine.rendering.settings import RenderSettings
from tui.app.edits import names as edit_names
from tui.app.edits.form import Typed, changed_fields, edit_of, lora_line, lora_option, plain_lines, problems, typed_of
from tui.app.edits.names import Suggestion, fitting
from tui.app.messages import EditRequested
from tui.app.screens.dialog import Dialog
from tui.app.widgets.edit_row import EditRow
from tui.app.widgets.line import TextLine
from tui.app.widgets.prompt_area import PromptArea
from tui.app.widgets.safe_lines import SafeInput
from tui.app.work import begin

INVITATION = "Enter applies what differs (●) and keeps the noise; Tab goes to the next field"
NOTHING_CHANGED = "nothing changed"
APPLYING = "looking up what changes"
LOW, ROWS_LISTED, ROWS_LISTED_LOW = 30, 6, 4
"""The rows of a screen below which fewer suggestions are listed, and their rows on a higher and a lower one."""
ROWS_AROUND, MIN_ROWS = 6, 3
"""The rows of the title, of what is said and of the keys; and the fewest that the fields keep."""


class EditScreen(Dialog[Edit | None]):
    """Asks what is to change; `EditRequested` asks the app to apply it.

    The app closes the panel, with the edit, when it is applied; `refuse` says why it is not, and all that was typed
    stays.  It ends with None when it is cancelled.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "apply", "apply", priority=True),
        Binding("ctrl+s", "apply(True)", "apply", show=False, priority=True),
        Binding("escape", "cancel", "back", key_display="esc", priority=True),
        Binding("tab", "app.focus_next", "next field"),
        Binding("shift+tab", "app.focus_previous", "previous field", show=False),
        Binding("up", "move(-1)", "earlier", show=False),
        Binding("down", "move(1)", "later", show=False),
        Binding("f1", "app.help", "help"),
    ]
    CSS = """
    EditScreen VerticalScroll { height: auto; max-height: 1fr; scrollbar-size-vertical: 1; }
    EditScreen EditRow { height: auto; }
    EditScreen .edit-label { width: 13; color: $text-muted; }
    EditScreen .-changed .edit-label { color: $text-accent; }
    EditScreen .-wrong .edit-label { color: $text-error; }
    EditScreen .edit-before { width: 24; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; padding: 0 1; }
    EditScreen Input, EditScreen TextArea { width: 1fr; background: $surface; padding: 0 1; }
    EditScreen Input:focus, EditScreen TextArea:focus { background: $panel; }
    EditScreen #edit-prompt { height: 4; }
    EditScreen #edit-negative { height: 2; }
    EditScreen OptionList { height: 6; border: none; background: $background; padding: 0 1; margin: 0 0 0 13; }
    """

    def __init__(self, settings: RenderSettings, model: ModelChoice, prompts: tuple[str, ...] = ()) -> None:
        """Prepare the panel.

        Args:
            settings: The settings of the picture whose noise is kept.
            model: Its model, with the LoRA files.
            prompts: Prompts that were used, newest first.
        """
        super().__init__()
        self._settings, self._model = settings, model
        self._before = typed_of(settings, model)
        self._prompts = tuple(map(plain_lines, prompts))
        self._problems: dict[str, str] = {}
        self._suggestions: dict[str, tuple[Suggestion, ...]] = {"edit-scheduler": edit_names.scheduler_suggestions()}
        self._suggested: tuple[Suggestion, ...] = ()
        self._opened_with = ""
        self._is_busy = False

    def compose(self) -> ComposeResult:
        yield Static(" Keep the noise and change the settings", id="title", markup=False)
        with VerticalScroll(can_focus=False):
            prompt = PromptArea(self._before.prompt, self._prompts, area_id="edit-prompt")
            yield EditRow("prompt", prompt, notes_before=False)
            negative = PromptArea(self._before.negative, area_id="edit-negative")
            negative.placeholder = "what the picture should not show"
            yield EditRow("negative", negative, notes_before=False)
            for name in ("steps", "guidance", "size"):
                yield EditRow(name, _input(name, getattr(self._before, name)))
            scheduler = _input("scheduler", self._before.scheduler, "the scheduler of the model")
            yield EditRow("scheduler", scheduler)
            yield EditRow("model", _input("model", self._before.model))
            for number, line in enumerate((*self._before.loras, "")):
                yield self._lora_row(number, line)
        options = OptionList(id="suggestions", markup=False)
        options.can_focus = False
        yield options
        yield TextLine("status")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#edit-prompt").focus()
        self._say(INVITATION)
        begin(self, self._find_names, "names")

    @property
    def typed(self) -> Typed:
        """What the fields hold."""
        return Typed(
            prompt=self.query_one("#edit-prompt", TextArea).text,
            negative=self.query_one("#edit-negative", TextArea).text,
            steps=self._text("steps"),
            guidance=self._text("guidance"),
            size=self._text("size"),
            scheduler=self._text("scheduler"),
            model=self._text("model"),
            loras=tuple(field.value for field in self._lora_fields()),
        )

    def on_resize(self, event: events.Resize) -> None:
        """Let the fields scroll before the list below them and what is said are pushed off the screen."""
        listed = ROWS_LISTED if event.size.height >= LOW else ROWS_LISTED_LOW
        self.query_one(OptionList).styles.height = listed
        self.query_one(VerticalScroll).styles.max_height = max(MIN_ROWS, event.size.height - listed - ROWS_AROUND)

    def refuse(self, sentence: str) -> None:
        """Say why the edit cannot be applied; the panel can be used again."""
        self._is_busy = False
        self._say(sentence)

    def on_text_area_changed(self) -> None:
        self._update("")

    def on_input_changed(self, message: Input.Changed) -> None:
        self._update(message.input.id or "")
        self._suggest()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, Input):
            self._opened_with = event.widget.value
        self._suggest()
        wrong = problems(self.typed, self._settings, self._model)
        if not self._is_busy and (wrong or self._problems):
            self._say_problem(wrong)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        field = event.widget
        if isinstance(field, Input) and (field.id == "edit-model" or _is_lora(field)):
            begin(self, partial(self._check_name, field), field.id or "", exclusive=True)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        self._take(message.option_index)

    def action_move(self, by: int) -> None:
        """Move in the list of suggestions; from a field without one, to the field before or after."""
        options = self.query_one(OptionList)
        if not self._suggested:
            self.app.action_focus_next() if by > 0 else self.app.action_focus_previous()
        elif options.highlighted is None:
            options.highlighted = 0 if by > 0 else None
        else:
            to = options.highlighted + by
            options.highlighted = None if to < 0 else min(to, len(self._suggested) - 1)

    def action_apply(self, at_once: bool = False) -> None:
        """Take the suggestion under the cursor; without one, apply the edit.

        Args:
            at_once: Apply the edit whatever is under the cursor.
        """
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None and self._suggested and not at_once:
            self._take(highlighted)
        elif not self._is_busy:
            self._apply()

    def action_cancel(self) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            options.highlighted = None
        else:
            self.dismiss(None)

    def _apply(self) -> None:
        typed = self.typed
        wrong = problems(typed, self._settings, self._model)
        if wrong:
            name, sentence = next(iter(wrong.items()))
            self.query_one(f"#edit-{name}").focus()
            self._say(sentence)
            return
        edit = edit_of(typed, self._settings, self._model)
        if edit == Edit():
            self._say(NOTHING_CHANGED)
            return
        self._is_busy = True
        self._say(APPLYING)
        self.post_message(EditRequested(edit))

    def _update(self, field_id: str) -> None:
        """Show which fields differ and which are wrong, after a key."""
        self._problems.pop(field_id, None)
        typed = self.typed
        changed, wrong = (
            changed_fields(typed, self._settings, self._model),
            problems(typed, self._settings, self._model),
        )
        for row in self.query(EditRow):
            name = (row.field.id or "").removeprefix("edit-")
            if _is_lora(row.field):
                self._update_lora(row)
            else:
                row.before = getattr(self._before, name) if name in changed else None
                row.is_wrong = name in wrong or row.field.id in self._problems
        fields = self._lora_fields()
        if fields and fields[-1].value.strip():
            self.query_one(VerticalScroll).mount(self._lora_row(len(fields), ""))
        self._say_problem(wrong)

    def _update_lora(self, row: EditRow) -> None:
        number = int((row.field.id or "").rpartition("-")[2])
        before = self._before.loras[number] if number < len(self._before.loras) else ""
        value = row.field.value if isinstance(row.field, Input) else ""
        row.before = None if value.strip() == before else before
        row.is_wrong = row.field.id in self._problems

    def _suggest(self) -> None:
        """List what the focused field can take: everything until it is typed in, then what fits."""
        field = self.focused
        names = self._suggestions.get(_kind(field), ()) if isinstance(field, Input) else ()
        if isinstance(field, Input) and field.value != self._opened_with:
            typed = lora_line(field.value)[0] if _is_lora(field) else field.value
            names = fitting(names, typed)
        options, self._suggested = self.query_one(OptionList), names[: edit_names.MAX_SHOWN]
        options.clear_options()
        options.add_options(Option(Content(suggestion.words)) for suggestion in self._suggested)
        options.highlighted = None

    def _take(self, index: int) -> None:
        """Put a suggestion into the focused field; a LoRA keeps the weight that was typed."""
        field = self.focused
        if not isinstance(field, Input) or index >= len(self._suggested):
            return
        value = self._suggested[index].value
        if _is_lora(field):
            value = f"{value} {lora_line(field.value)[1] or 1}"
        self._opened_with = field.value = value
        field.cursor_position = len(value)
        self._suggest()

    async def _find_names(self) -> None:
        try:
            models = await asyncio.to_thread(edit_names.model_suggestions)
            loras = await asyncio.to_thread(edit_names.lora_suggestions)
        except (EngineError, OSError) as error:
            self._say(str(error))
            return
        self._suggestions |= {"edit-model": models, "edit-lora": loras}
        self._suggest()

    async def _check_name(self, field: Input) -> None:
        """Say, when a field is left, whether its name can be used."""
        field_id, value = field.id or "", field.value
        if not value.strip() or value in (self._before.model, *self._before.loras):
            return
        if _is_lora(field):
            problem = await asyncio.to_thread(edit_names.lora_problem, lora_option(value, self._model))
        else:
            problem = await asyncio.to_thread(edit_names.model_problem, value.strip())
        if problem and field.value == value and not self._is_busy:
            self._problems[field_id] = problem
            self._update("")

    def _say_problem(self, wrong: Mapping[str, str]) -> None:
        """Say what is wrong with the field that has the focus, else with the first one."""
        by_field = {**{f"edit-{name}": sentence for name, sentence in wrong.items()}, **self._problems}
        here = self.focused.id if self.focused is not None else ""
        self._say(by_field.get(here or "", "") or next(iter(by_field.values()), INVITATION))

    def _say(self, sentence: str) -> None:
        for line in self.query("#status").results(TextLine):
            line.words = sentence

    def _text(self, name: str) -> str:
        return self.query_one(f"#edit-{name}", Input).value

    def _lora_fields(self) -> tuple[Input, ...]:
        """Return the fields of the LoRA files, also of a row that was just added: its field is not mounted yet."""
        fields = (row.field for row in self.query(EditRow) if _is_lora(row.field))
        return tuple(field for field in fields if isinstance(field, Input))

    def _lora_row(self, number: int, line: str) -> EditRow:
        hint = "a LoRA by its name, and its weight" if not line else ""
        return EditRow("LoRA", _input(f"lora-{number}", line, hint))


def _input(name: str, value: str, hint: str = "") -> Input:
    return SafeInput(value, id=f"edit-{name}", placeholder=hint, compact=True)


def _is_lora(field: object) -> bool:
    return isinstance(field, Input) and (field.id or "").startswith("edit-lora-")


def _kind(field: Input) -> str:
    """Return under which name the suggestions of a field are kept."""
    return "edit-lora" if _is_lora(field) else field.id or ""
