"""Generations: which copy of the projection is the active one, and what is known of each."""

import ast
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from projections.tables.store import Store, StoreError, WritableStore

KEY: Final = "tally:generations"
FIRST: Final = 1
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


class Generation(msgspec.Struct, frozen=True):
    """One complete copy of the projection. `made_at` in ms since 1970 UTC; `code_hash` of the fold that writes it."""

    number: int
    partitions: int
    shards: int
    code_hash: str
    made_at: int


@cache
def code_hash() -> str:
    """A hash of what the fold does: of its syntax trees, so that comments, docstrings and layout do not count."""
    digest = hashlib.sha256()
    for module in _FOLD:
        *package, name = module.split(".")
        source = files(".".join(("projections", *package))).joinpath(f"{name}.py").read_text(encoding="utf-8")
        tree = ast.parse(source)
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [  # type: ignore[attr-defined]
                    part for part in body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
                ]
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()[:16]


async def enter(store: WritableStore, partitions: int, now: int) -> Generation:
    """The generation that a worker is to write: the active one, or the first, registered now.

    Raises `StoreError` when the active generation was made for another number of partitions or by another fold.
    """
    number = int(await store.claim(KEY, "active", str(FIRST)))
    made = Generation(number, partitions, 1, code_hash(), now)
    found = msgspec.json.decode(await store.claim(KEY, str(number), msgspec.json.encode(made).decode()), type=Generation)
    if found.partitions != partitions:
        raise StoreError(
            f"generation {number} was made for {found.partitions} partitions, the log has {partitions}: "
            "use the log it was made from, or an empty Redis to project this one"
        )
    if found.code_hash != code_hash():
        raise StoreError(
            f"generation {number} was written by another version of the fold ({found.code_hash}, this is {code_hash()}): "
            "run that version, or give this one an empty Redis and let it read the log from the start"
        )
    return found


def active(store: Store) -> Generation | None:
    """The generation that readers use; None before the first worker has run."""
    (known,) = store.read([("HGETALL", KEY)])
    number = known.get(b"active")
    return None if number is None else msgspec.json.decode(known[number], type=Generation)
