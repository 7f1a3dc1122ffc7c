"""`tally schema`: the JSON Schema of the events."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.failure import WrongCall


def schema(
    type: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="One event type, such as email.opened; without it all.")] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", file_okay=False, help="Write TYPE.json for each type, and events.json for all, into a folder."),
    ] = None,
) -> None:
    """Print the JSON Schema of one event type, or of all.

    [bold]Examples[/bold]

      tally schema email.opened

      tally schema --write schemas/
    """
    from events.catalog import CATALOG
    from events.schema import json_schema, write_schemas

    if type is not None and type not in CATALOG:
        raise WrongCall(f"TYPE: no event type is named {type!r}; the types are {', '.join(CATALOG)}")
    if write is None:
        print(json.dumps(json_schema(type), indent=2, ensure_ascii=False))
    elif type is None:
        for path in write_schemas(write):
            print(path)
    else:
        raise WrongCall("--write: writes the schemas of all types; leave TYPE out")
