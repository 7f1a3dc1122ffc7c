import ast
from textwrap import dedent

import pytest

from projections.code_hash import meant

SOURCE = '''
"""A module."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One touch."""

    order: int = 1

    def following(self, *orders: int, within: int | None = None, **names: str) -> list[int]:
        """The orders after this one."""
        return [order for order in orders if order > self.order and f"{order}" not in names]
'''


def test_comments_docstrings_and_layout_do_not_count() -> None:
    other = SOURCE.replace("A module", "Something else").replace(
        "    order: int = 1", "    # first of all\n    order: int = (\n        1\n    )"
    )
    other = other.replace('        """The orders after this one."""\n', "")
    assert other != SOURCE
    assert meant(ast.parse(other)) == meant(ast.parse(SOURCE))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [("int = 1", "int = 2"), ("order >", "order >="), ("frozen=True", "frozen=False"), ("not in names", "in names"), ("= None", "= 0")],
)
def test_whatever_else_changes_counts(was: str, becomes: str) -> None:
    assert meant(ast.parse(SOURCE.replace(was, becomes))) != meant(ast.parse(SOURCE))


def test_versions_of_python_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each version adds fields to the nodes of the syntax tree (3.12: `type_params`): a projection must not be that of one Python."""
    source = dedent(SOURCE)
    before = meant(ast.parse(source))
    for kind in (ast.FunctionDef, ast.ClassDef, ast.Name):
        monkeypatch.setattr(kind, "_fields", (*kind._fields, "of_the_next_python", "and_another"))
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Name):
            node.of_the_next_python, node.and_another = [], None  # type: ignore[union-attr]
    assert "of_the_next_python" in dict(ast.iter_fields(tree.body[-1]))
    assert meant(tree) == before
