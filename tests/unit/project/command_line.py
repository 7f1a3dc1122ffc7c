"""What the program understands: its settings and its commands, as the documents and the compose file may use them."""

import importlib
import re
from collections.abc import Iterator

import typer
from pydantic_settings import BaseSettings
from typer.core import TyperCommand, TyperGroup

from cli.main import app
from cli.settings import GLOBAL_OPTIONS, global_options_first
from tests.unit.project.layout import ROOMS, ROOT


def _subclasses(model: type[BaseSettings]) -> set[type[BaseSettings]]:
    return {model} | {deeper for child in model.__subclasses__() for deeper in _subclasses(child)}


def settings_classes() -> set[type[BaseSettings]]:
    """Every settings class of the program, wherever it stands."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if "BaseSettings" in path.read_text(encoding="utf-8"):
                importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return {found for found in _subclasses(BaseSettings) if found.__module__.split(".")[0] in ROOMS}


def setting_names() -> set[str]:
    """Every environment variable that the program reads as a setting, such as TALLY_LOG."""
    return {
        f"{settings.model_config.get('env_prefix', '')}{field}".upper()
        for settings in settings_classes()
        for field in settings.model_fields
    }


def environment_names() -> set[str]:
    """Every environment variable that the program heeds: its settings, the options of its verbs, and what it looks up by name."""
    options = {f"TALLY_{path}_{parameter.name}".upper().replace("-", "_") for path, leaf in _verbs() for parameter in leaf.params}
    looked_up = {
        name
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for name in re.findall(r"""environ(?:\.get\(|\[)["'](TALLY_[A-Z0-9_]+)""", path.read_text(encoding="utf-8"))
    }
    return setting_names() | options | looked_up


def _verbs(group: TyperGroup | None = None, path: str = "") -> Iterator[tuple[str, TyperCommand]]:
    """Every command that does something, with its words joined by `_`."""
    root = group or typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    for name, command in root.commands.items():
        if isinstance(command, TyperGroup):
            yield from _verbs(command, f"{path}{name}_")
        else:
            assert isinstance(command, TyperCommand)
            yield f"{path}{name}", command


def check_command(arguments: list[str]) -> None:
    """Raise ValueError unless `tally ARGUMENTS` is a command with options it has. Nothing is run."""
    call = f"tally {' '.join(arguments)}"
    command, words = typer.main.get_command(app), global_options_first(arguments)
    while words and words[0].partition("=")[0] in GLOBAL_OPTIONS:
        words = words[1:] if "=" in words[0] else words[2:]
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            raise ValueError(f"{call}: there is no command {name!r}, only {', '.join(sorted(command.commands))}")
        command = command.commands[name]
    if isinstance(command, TyperGroup):
        if words not in ([], ["--help"]):
            raise ValueError(f"{call}: no command is named")
        return
    try:
        command.make_context("tally", words)
    except typer.Exit:  # --help and the like
        return
    except typer.TyperException as error:
        raise ValueError(f"{call}: {error.format_message()}") from error
