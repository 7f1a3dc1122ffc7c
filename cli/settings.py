"""The settings of a call: the global options, and for everything else the environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from cli.failure import WrongCall

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings

S = TypeVar("S", bound="BaseSettings")

GLOBAL_OPTIONS: Final = ("--log", "--redis", "--timezone", "--account")

LogOption = Annotated[
    str | None,
    typer.Option(metavar="URL", help="The log of events: sqlite:///PATH, kafka://HOST:PORT[,HOST:PORT] or kafka+embedded:///FOLDER."),
]
RedisOption = Annotated[
    str | None, typer.Option(metavar="URL", help="Where the numbers are kept: embedded:///FOLDER, redis://, rediss:// or unix://.")
]
TimezoneOption = Annotated[str | None, typer.Option(metavar="ZONE", help="Time zone of dates and tables, such as Europe/Berlin.")]
AccountOption = Annotated[str | None, typer.Option(metavar="ACCOUNT", help="The account that reports and commands speak of.")]


@dataclass(frozen=True, slots=True)
class Given:
    """The global options of this call; None leaves it to the environment, and then to the default."""

    log: str | None = None
    redis: str | None = None
    timezone: str | None = None
    account: str | None = None


def given(context: typer.Context) -> Given:
    """The global options that came with the call."""
    found = context.find_object(Given)
    return found if found is not None else Given()


def load(settings: type[S], context: typer.Context, **options: Any) -> S:
    """The settings of one room: options win over the environment. None and fields that the room does not have are left out.

    Raises `WrongCall` with the environment name of the first setting that is wrong.
    """
    from pydantic import ValidationError

    call = given(context)
    chosen = {"log": call.log, "redis": call.redis, "timezone": call.timezone, "account": call.account, **options}
    values = {name: value for name, value in chosen.items() if value is not None and name in settings.model_fields}
    try:
        return settings(**values)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        message = " ".join(fault["msg"].removeprefix("Value error, ").split())
        field = ".".join(map(str, fault["loc"]))
        raise WrongCall(f"{_origin(field, values)}: {message}" if field else message) from None


def global_options_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with the global options moved in front of the verb, where they are declared: people write them anywhere.

    Raises `WrongCall` for one without a value.
    """
    first: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest += [argument, *remaining]
        elif argument in GLOBAL_OPTIONS:
            value = next(remaining, None)
            if value is None:
                raise WrongCall(f"{argument}: needs a value")
            first += [argument, value]
        elif argument.startswith(tuple(f"{option}=" for option in GLOBAL_OPTIONS)):
            first.append(argument)
        else:
            rest.append(argument)
    return [*first, *rest]


def _origin(field: str, options: Mapping[str, Any]) -> str:
    return f"--{field.replace('_', '-')}" if field in options else f"TALLY_{field.upper()}"
