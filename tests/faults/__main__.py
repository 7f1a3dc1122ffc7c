"""`./dev faults`: the fault tests, in as many crashes, against as many mutants, or for as long as asked."""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
LONG: Final = 2_000
"""Crashes of a long run."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./dev faults",
        description="Kill, pause, cut off and starve the parts of the program under load, and hold every number against the log.",
        epilog="Arguments that are not known here go to pytest. A run prints its seed; TALLY_TEST_SEED=SEED repeats its crashes.",
    )
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--long", action="store_true", help=f"{LONG:,} crashes instead of 200, a minute instead of seconds, and so on")
    kinds.add_argument("--mutants", action="store_true", help="break one law after the other: the tests that guard it have to fail")
    kinds.add_argument("--soak", type=float, metavar="MINUTES", help="random faults one after the other under load, for so long")
    parser.add_argument("--sample", action="store_true", help="of the mutants those that a test notices without a process of its own")
    asked, rest = parser.parse_known_args()
    if asked.soak is not None:
        return subprocess.call([sys.executable, "-m", "tests.faults.soak", str(asked.soak), *rest])
    options = [f"--{name}" for name in ("mutants", "sample") if getattr(asked, name)]
    what = [] if any(Path(word.partition("::")[0]).exists() for word in rest) else [str(FOLDER)]
    environment = {**os.environ, **({"TALLY_TEST_INJECTIONS": str(LONG), "TALLY_TEST_LONG": "1"} if asked.long else {})}
    return subprocess.call([sys.executable, "-m", "pytest", *what, *options, *rest], env=environment)


if __name__ == "__main__":
    sys.exit(main())
