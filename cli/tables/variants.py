"""The table of `variants`: each rate of all variants below each other."""

from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from cli.tables.cells import NOTHING, Answer, percent
from cli.tables.table import table

_RATES: Final = ("open", "click", "reply", "meeting")


def variants(answer: Answer, _: str) -> RenderableType:
    baseline = answer["baseline"]
    against = "" if baseline is None else f"against {baseline}"
    drawn = table("variants: rates of contacts, 95 % intervals", ("rate", "variant"), ("contacts", "value", against, "p"))
    for rate in _RATES:
        for place, variant in enumerate(answer["variants"]):
            numbers = (f"{variant['contacts']:,}", _share(variant["rates"][rate]))
            drawn.add_row("" if place else rate, variant["variant"], *numbers, *_against(variant, rate))
        drawn.add_section()
    return Group(drawn, Text(f"without a variant: {answer['no_variant']:,} contacts\n", style="dim"))


def _share(rate: Answer) -> str:
    return percent(rate) if rate["low"] is None else f"{percent(rate)} ({rate['low'] * 100:.1f}–{rate['high'] * 100:.1f})"


def _against(variant: Answer, rate: str) -> tuple[str, str]:
    """(the difference in points, p)."""
    if variant["against_baseline"] is None:
        return "baseline", ""
    found = variant["against_baseline"][rate]
    p = "too early" if variant["too_early"] else NOTHING if found["p_value"] is None else f"{found['p_value']:.3f}"
    if found["difference"] is None:
        return NOTHING, p
    points = f"{found['difference'] * 100:+.1f}"
    return points if found["low"] is None else f"{points} ({found['low'] * 100:+.1f} to {found['high'] * 100:+.1f})", p
