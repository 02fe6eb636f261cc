"""The help pages of the screens that a search opens: the keys of each.  At most 76 columns wide."""

from __future__ import annotations

from typing import Final

EDIT: Final = """\
WHAT YOU DO HERE
The noise of the picture stays, and its settings change: the same idea with
other words.  A dot ● marks what differs from the picture.  The change is a
step of the history like any other, and u takes it back.

FIELDS
Up, Down       In the prompt, beyond its first and last line: prompts that
               you used before.  In a field with a list below: choose in the
               list.  Elsewhere: go to the field before or after.
Tab            Go to the next field.  Shift+Tab goes back.
Enter          Take what is chosen in the list.  Without a choice, apply.
Ctrl+S         Apply.
Ctrl+J         Begin a new line in a prompt.
Esc            Leave the list, or go back without a change.

scheduler      A name of A1111, ComfyUI or diffusers.  Empty means the
               model's own.
size           Width and height, such as 832x1216.  Where the noise cannot
               keep its shape, the picture changes more.
LoRA           A name or a file, and its weight: `ink 0.8`.  Clear the line
               to leave the LoRA out.
model          A name, a file or a folder.  Noise fits models of the same
               family.
"""

VIEW: Final = """\
WHAT YOU SEE HERE
One picture of the grid in full size.

Enter          Pick this picture.
n  p           Show the next or the previous picture.  The key of a picture
               shows that one.
Tab            Flip between the candidate and its parent, in the same place.
d              Show where the candidate differs from its parent.
+  -           Enlarge or reduce the picture.
0              Show a pixel of the picture on each pixel of the screen.
arrows         Move around in a picture that is enlarged; else show the next
               or the previous picture.
?  F1          Show this page.
Esc            Go back to the grid.
"""

REGION: Final = """\
WHAT YOU DO HERE
You choose the part of the picture whose noise moves.  What is dim stays; it
can change a little all the same, because the model looks at all of it.

arrows  + -    Move the box; make it larger or smaller.
Shift+arrows   Make it wider or narrower, higher or lower, where the
               terminal sends these keys.
1-9            Add a cell of three by three, or take it away; 1 is at the
               top left.
mouse          Press, drag and release to draw a box.
o  Tab         Vary the outside and keep the inside, or the reverse.
Enter          Take it: the same candidates, confined to that part.
c  Backspace   Vary the whole picture.
?  F1          Show this page.
Esc            Go back without a change.
"""

NEW_PROMPT: Final = """\
WHAT YOU DO HERE
The search goes on behind this screen until you press Enter.  Then it is
left for a new one with this prompt.  Everything that you picked is saved,
and the search can be resumed from the gallery.

Up, Down       Beyond the first and the last line: prompts that you used
               before.
Ctrl+J         Begin a new line.
Enter          Begin the new search.
Ctrl+L         Choose the model of new prompts.
Ctrl+G         Leave the search for the gallery.
Esc            Go back to the search.
"""

HISTORY: Final = """\
WHAT YOU SEE HERE
Every picture of this search, from its start: the way to the current one
(●) at the left edge, other branches beside it.  Below a picture, and at
the end, stand other files in the folder of this search.  * marks a star.

Up, Down       Select a picture; it is shown large.
Enter          Go on from it.  What came after it stays in the history, and
               u takes the jump back.  A file is opened.
s              Show only what has a star, and everything again.
f              Hide the other files, and show them again.
?  F1          Show this page.
Esc            Go back to the grid.

WHAT A LINE SAYS
1 · scale 0.7  The first pick, and how far it was allowed to be from its
               parent.
edit           The same noise with other settings.
"""

INFO: Final = """\
WHAT YOU SEE HERE
All that is known of one picture: what renders it again, and where it lies.

Up, Down       Scroll.
y              Copy the command line that renders the picture again.
Y              Copy the path of its file.
?  F1          Show this page.
Esc            Go back to the grid.
"""

FILM: Final = """\
WHAT YOU DO HERE
The way from the first picture of the search to this one becomes a file: an
animation, which shows pictures rendered between one pick and the next, or a
contact sheet of the pictures that you picked.

F2  kind       Animation, contact sheet, or both.
F3  count      How many pictures stand between one pick and the next.
Up, Down       Move between the lines.  Left and Right change a line.
name           .webp, .gif or .png: the end of the name decides what kind of
               animation is made.
Enter          Begin.
Esc            Stop; nothing is written.  When nothing runs, go back.
"""
