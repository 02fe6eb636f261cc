"""MkDocs hook: shows files of the repository as pages, and makes their relative links work on the site.

Links are written so that they work where the repository is browsed (`docs/schedulers.md` in the README).  The site has
another layout, so each link is rewritten when a page is built.  A link to a file that the site does not show is a
warning, which `mkdocs build --strict` turns into an error.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
SHOWN = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "LICENSE.txt",
    "SECURITY.md": "security.md",
    "engine/embedded/model/README.md": "model-card.md",
    "latentpng/SPEC.md": "spec.md",
}
"""Files outside docs/ that the site shows, and their path on the site."""

_LINK = re.compile(r"""(?P<before>\]\(|\bsrc=")(?P<target>[^)"\s#]+)(?P<after>(?:#[^)"\s]*)?[)"])""")
_SOURCES = {page: source for source, page in SHOWN.items()}
_log = logging.getLogger("mkdocs.hooks.site_hook")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the files of `SHOWN` as pages; they are read where they are, so that there is no second copy."""
    for source, page in SHOWN.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 (MkDocs calls it with these names)
    """Rewrite the relative links of one page from paths in the repository to paths on the site."""
    here = page.file.src_uri
    source = _SOURCES.get(here, f"docs/{here}")

    def rewritten(match: re.Match[str]) -> str:
        target = match["target"]
        if ":" in target:
            return match[0]
        found = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        shown = SHOWN.get(found, found.removeprefix("docs/") if found.startswith("docs/") else "")
        if not shown:
            _log.warning("%s links to %s, which the site does not show", source, found)
            return match[0]
        return f"{match['before']}{posixpath.relpath(shown, posixpath.dirname(here) or '.')}{match['after']}"

    return _LINK.sub(rewritten, markdown)
