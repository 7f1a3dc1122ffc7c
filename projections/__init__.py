"""What is kept of the events, and what is asked of it."""

from typing import Final

from projections.compiled import form

_folder, _form = form()

COMPILED: Final = _folder is not None
"""Whether the compiled form of the fold runs (projections/compiled.py)."""

FORM: Final = _form
"""The form that runs, for people; with the remedy where a compiled one is out of date."""

if _folder is not None:
    __path__.insert(0, str(_folder))  # import looks there first
