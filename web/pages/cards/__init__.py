"""Cards of a dashboard: headline numbers as tiles, all else as a chart beside its table, or as a short table."""

from web.pages.cards.answered import answered
from web.pages.cards.card import Card, parts, title_of

__all__ = ["Card", "answered", "parts", "title_of"]
