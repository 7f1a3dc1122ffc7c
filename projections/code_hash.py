"""Which version of the fold this is: a projection that another one wrote is not gone on with."""

import ast
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

_FOLD: Final = (
    "meaning",
    "names",
    "contact",
    "facts",
    "enrollment_view",
    "delays",
    "engagement",
    "view",
    "contribution",
    "definitions",
    "dashboards",
    "codec",
    "partition",
    "account_fold",
    "tables.layout",
)


@cache
def code_hash() -> str:
    """A hash of what the fold does: of its syntax trees, so that comments, docstrings and layout do not count."""
    digest = hashlib.sha256()
    for module in _FOLD:
        *package, name = module.split(".")
        source = files(".".join(("projections", *package))).joinpath(f"{name}.py").read_text(encoding="utf-8")
        digest.update(meant(ast.parse(source)).encode())
    return digest.hexdigest()[:16]


def meant(part: object) -> str:
    """A part of a syntax tree in words that are the same in every version of Python, without docstrings.

    Unlike `ast.dump`: versions of Python add fields of their own, which are empty where nothing uses them.
    """
    if isinstance(part, ast.AST):
        fields = (f"{name}={meant(value)}" for name, value in ast.iter_fields(part) if value is not None and value != [])
        return f"{type(part).__name__}({', '.join(fields)})"
    if isinstance(part, list):
        return f"[{', '.join(meant(one) for one in part if not _is_docstring(one))}]"
    return repr(part)


def _is_docstring(part: object) -> bool:
    return isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
