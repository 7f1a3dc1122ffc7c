"""How the answer of a report is shown: as a table, and as a chart that is drawn from it."""

from web.pages.shown.asked import Asked
from web.pages.shown.drawing import Cell, Column, Drawing, Row
from web.pages.shown.drawings import drawings

__all__ = ["Asked", "Cell", "Column", "Drawing", "Row", "drawings"]
