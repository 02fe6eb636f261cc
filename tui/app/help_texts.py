"""The texts of the help screen: the keys of each screen, and what the words mean.  At most 76 columns wide.

Those of the screens that a search opens are in `tui.app.help_pages`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tui.app.help_pages import EDIT, FILM, HISTORY, INFO, NEW_PROMPT, REGION, VIEW

_IDEA: Final = """\
WHAT YOU DO HERE
One picture, the parent, is shown with variations of it, the candidates.
Pick the candidate that comes closer to the picture you have in mind: it
becomes the parent of the next grid.  When no candidate is better, press n:
the next candidates are more similar to the parent."""

_SCALE: Final = """\
WHAT THE SCALE MEANS
The scale is how far candidates are from their parent.  A small scale is
near: the candidates look like the parent.  A large one is far.  At scale 1,
what varies is new: with everything varying, a candidate is a new picture of
the same prompt.  When the layout varies most, the scale is that of the
layout; finer detail moves half as far at each finer level, so some of it
stays even at scale 1.
How different a scale looks depends on the model.  The search learns it
from its grids: [ and ] halve and double the difference that you see, and
the scale ends where there is none to see."""

_READY: Final = """\
WHAT IS READY
While you look at a complete grid, the grids that may follow are rendered:
first the one of the picture under the cursor.  The word "ready" under a
picture, or » where there is little room, means that its grid is there, so
that its key is answered at once.  Under the parent it stands for n."""

_FILES: Final = """\
WHAT IS SAVED
Everything that you pick or star is saved at once as a PNG that contains
its own noise and history.  `warmer FILE` continues from it on any machine.
FILE may also be a picture of another tool, whose noise is rebuilt from its
seed, or a photograph, for which noise is found that repeats it."""

SEARCH: Final = f"""\
{_IDEA}

PICK
1-9 0 c f g j  The key under a picture picks it.  The parent's own key means
k l            that no candidate is better.
arrows, Enter  Select a picture, then pick it.
n              No candidate is better: keep the parent and halve the scale.
Space          Mark a candidate, up to three.  Enter blends the marked ones.
r              Draw other candidates at the same scale.
u  U           Go one step back, and take that step again.

PICK BY REGION
x              Say for each half which candidate is best there; press x
               again for quarters, and once more for whole pictures.  The
               lit region asks, and the key of a picture answers: the light
               moves on to the next region.  In place of the parent you see
               what the answers give.
Space  n       While a region is lit: keep the parent there.
+              Let the next key add a second candidate to the region that
               was answered last.  The two are blended there.
Backspace      Take the last answer back.
Enter          While the cursor is on a candidate: answer with it.  Else
               pick what was answered; in regions without an answer the
               parent stays.
Esc            Leave the regions, and pick whole pictures again.
w              After a blend or a pick by region: take the best single
               candidate instead.

LOOK
Tab            Flip between the candidate and its parent, in the same place.
d              Show where the candidate differs from its parent.
v              Show the picture in full size, to zoom and to move around in
               it.
i              Show model, seed, settings and file of the picture.
h              Show the history, with all branches.  Enter goes on from any
               picture in it.

CHANGE WHAT COMES NEXT
[  ]           The same candidates, half or twice as different.
{{  }}           The same in finer steps.
b              What varies: everything, the layout more than the detail,
               only the layout, or only the detail.
m              Choose a part of the picture: only it varies, or everything
               but it.  A frame shows where the noise moves.
M              Vary the whole picture again.
a              What varies: the noise, the prompt, or both.  Use it for
               models whose pictures hardly depend on their noise.
e              Keep the noise and change the prompt, negative prompt, steps,
               guidance, scheduler, size, LoRA files or model.
D              Show candidates as drafts, with fewer steps and so sooner, or
               in full again.  A draft that you pick, star or save is
               finished in full.  Switched off, those on the screen are too.
               The word "draft", or ~ where there is little room, marks one.

KEEP
*              Star a picture: it is saved without becoming the parent.
s              Save a copy of the picture under another name.
Ctrl+S         Try again to save what could not be saved: on a full disk,
               pictures stay in memory until there is room for them.
E              Export the way here: an animation or a contact sheet.
y  Y           Copy the command line that renders the picture again, or the
               path of its file.  This works over SSH, where the terminal
               allows it.

GO
o  p           Open another picture, or begin with a new prompt.
Ctrl+P         List all commands by name, and choose the colours.
?  F1          Show this page.
q              Quit.  Nothing is lost.

{_SCALE}

{_READY}

{_FILES}
"""

START: Final = f"""\
{_IDEA}

BEGIN
typing         Describe the picture.  What you type also filters the
               gallery.
Enter          Begin with the prompt.  In the empty line, go on with the
               last search.
Up             Walk through the prompts that you used before.
Tab            Walk through examples that suit the model.
Down           Go into the gallery of searches and pictures.  Enter opens
               the one that is selected.
Esc            Clear the line.
Ctrl+O         Open a picture by its path.
Ctrl+L         Choose the model of new prompts.  It is used again at the
               next start.
Ctrl+P         List all commands by name, and choose the colours.
F1             Show this page.
Ctrl+Q         Quit.

The keys of a search are shown when you press ? in it.

{_FILES}
"""

PHOTO: Final = f"""\
WHAT YOU DO HERE
Noise is looked for from which the model renders this photograph.  Then you
vary it like any other picture.  A prompt that says what the photograph
shows makes its variations better.

CHOOSE
F2  way        "exact" repeats the photograph best.  "free" repeats it less
               exactly, from noise nearer to that of a seed, which can be
               varied further.
F3  keep       "all": the first picture repeats the photograph.
               "layout": its layout stays, and the detail is drawn anew.
               "detail": its detail stays, and the layout is drawn anew.
F4  fit        How the photograph is brought to the picture's shape.
               "crop" cuts off two sides.  "pad" keeps all of it and draws
               its edges out.  "stretch" distorts it.  "shape" makes a
               picture of the photograph's own shape.
Up, Down       Move between the lines.  Left and Right change a line.

GO
Enter          Begin.
Esc            Cancel the search for noise, or go back.
Ctrl+L         Choose the model.
Ctrl+O         Open another picture.
Ctrl+P         List all commands by name, and choose the colours.
F1             Show this page.
Ctrl+Q         Quit.

{_FILES}
"""

_PAGES: Final[Mapping[str, str]] = {
    "EditScreen": EDIT,
    "FilmScreen": FILM,
    "HistoryScreen": HISTORY,
    "InfoScreen": INFO,
    "NewPromptScreen": NEW_PROMPT,
    "PhotoScreen": PHOTO,
    "RegionScreen": REGION,
    "SearchScreen": SEARCH,
    "StartScreen": START,
    "ViewerScreen": VIEW,
}
"""By the class of the screen."""


def page_of(screens: Iterable[str]) -> str:
    """Return the help text of what is shown.

    Args:
        screens: The names of the classes of the screens, the topmost first.
    """
    return next((_PAGES[name] for name in screens if name in _PAGES), START)
