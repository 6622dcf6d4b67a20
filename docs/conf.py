"""Settings of the documentation: Sphinx, pages in MyST Markdown, the theme furo; nothing comes from the network."""

import re
from typing import Any

from reticent import __version__

project = "Reticent"
author = "The Reticent authors"
copyright = "The Reticent authors, Apache-2.0"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "Reticent"
html_static_path = ["_static"]
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}

# The docstrings are numpydoc's.
napoleon_google_docstring = False
napoleon_use_ivar = False
napoleon_use_rtype = False
napoleon_attr_annotations = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100

_SEVERAL = re.compile(r"(?P<names>\w+(, \w+)+)(?P<type> : .*)?")


def prepare(*event: Any) -> None:
    """Save two habits of our docstrings from napoleon, which would misread them.

    Parameters that are explained together, "members, nonmembers", would have their text repeated; and what stands
    before a colon in a property's first line would be taken for its type.
    """
    _, what, _, _, _, lines = event
    section = ""
    for i, line in enumerate(lines):
        if i + 1 < len(lines) and line and set(lines[i + 1]) == {"-"}:
            section = line
        elif section in ("Parameters", "Attributes") and (found := _SEVERAL.fullmatch(line)):
            lines[i] = found["names"].replace(", ", "/") + (found["type"] or "")
        elif what == "property" and not section:
            lines[i] = line.replace(": ", " \N{EN DASH} ")


def setup(app: Any) -> None:
    """Look at docstrings before napoleon does."""
    app.connect("autodoc-process-docstring", prepare, priority=400)
