"""Where things are: the project's folder, its description, its rooms."""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS: list[str] = PYPROJECT["tool"]["importlinter"]["root_packages"]
