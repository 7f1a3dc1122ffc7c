"""Which form of the fold runs: plain Python, or the extension modules that `./dev compile` makes of the same sources.

The extension modules lie in a folder that is named after what they were made of. A source that changes asks for another folder, so
extension modules of other sources are never used: the plain form runs instead, which is right always and only slower. It would be wrong to
stop there with an error: somebody who changes a line wants to see what it does, not to compile it.
"""

import hashlib
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Final

MODULES: Final = (
    "names",
    "meaning",
    "delays",
    "facts",
    "enrollment_view",
    "engagement",
    "view",
    "contribution",
    "partition",
    "account_fold",
)
"""The modules of this room that are compiled, all together; the one list of them.

Classes that msgspec makes cannot be among them: it reads annotations, which compiled modules do not keep.
"""

READ: Final = ("contact", "codec", "tables/layout", "tables/store", "../events/wire")
"""What these modules import of our own besides: the compiler copies constants and takes types from it."""

ROOM: Final = Path(__file__).parent
ALL: Final = ROOM / "__compiled__"


def folder(room: Path = ROOM) -> Path:
    """Where the extension modules made of the sources as they are would be."""
    digest = hashlib.sha256()
    for name in (*MODULES, *READ):
        digest.update(f"{name}\0".encode())
        digest.update((room / f"{name}.py").read_bytes())
    return room / "__compiled__" / digest.hexdigest()[:16]


def form() -> tuple[Path | None, str]:
    """The folder of the form that is to run, None for the plain one; and what there is to say about it."""
    try:
        found = folder()
    except OSError as error:  # a package without its sources
        return None, f"plain Python ({error.filename} is not there to compare a compiled form with)"
    if (found / f"{MODULES[-1]}{EXTENSION_SUFFIXES[0]}").exists():
        return found, "compiled"
    if any(ALL.glob(f"*/*{EXTENSION_SUFFIXES[0]}")):
        return None, "plain Python (the compiled form is of other sources; make it anew: ./dev compile)"
    return None, "plain Python"
