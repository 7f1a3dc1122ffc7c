"""The `tally` command: one module a verb, and here what they share, from the global options to the exit codes."""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from cli import (
    dashboard,
    diff,
    explain,
    generations,
    publish,
    quarantine,
    rebuild,
    report,
    schema,
    status,
    token,
    topics,
    verify,
    web,
    worker,
)
from cli.demo import command as demo
from cli.failure import FAILED, INTERRUPTED, WRONG_CALL, WrongCall
from cli.report_options import ReportCommand
from cli.settings import AccountOption, Given, LogOption, RedisOption, TimezoneOption, global_options_first
from cli.up import command as up

app = typer.Typer(
    name="tally",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    # Every option is a setting too: --format of `tally report` is TALLY_REPORT_FORMAT.
    context_settings={"auto_envvar_prefix": "TALLY", "help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"tally {version('tally')}")
        raise typer.Exit


@app.callback(
    epilog="Start here: [bold]tally demo[/bold]. The options above may stand anywhere in a call. Every option of every verb can be set by "
    "the environment: --log by TALLY_LOG, --format of `tally report` by TALLY_REPORT_FORMAT. TALLY_DEBUG=1 shows where a failure came from."
)
def tally(
    context: typer.Context,
    log: LogOption = None,
    redis: RedisOption = None,
    timezone: TimezoneOption = None,
    account: AccountOption = None,
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version and exit.")] = False,  # noqa: ARG001 (its callback has acted)
) -> None:
    """Exact, live performance numbers of sales sequences, from a log of events.

    Mailers publish events to a log; `tally worker` projects them into Redis; `tally report` reads the rates.
    With nothing set, log and Redis are embedded ones under .tally/ in the working folder.
    """
    context.obj = Given(log, redis, timezone, account)


app.command("schema")(schema.schema)
app.add_typer(topics.app, name="topics")
app.command("publish")(publish.publish)
app.command("worker")(worker.worker)
app.command("web")(web.web)
app.command("up")(up.up)
app.add_typer(token.app, name="token")
app.command("report", cls=ReportCommand)(report.report)
app.command("rebuild")(rebuild.rebuild)
app.command("generations")(generations.generations)
app.command("verify")(verify.verify)
app.command("diff")(diff.diff)
app.command("cutover")(generations.cutover)
app.command("rollback")(generations.rollback)
app.command("drop")(generations.drop)
app.add_typer(dashboard.app, name="dashboard")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(explain.app, name="explain")
app.command("status")(status.status)
app.command("demo")(demo.demo)


def main() -> None:
    """The entry point of the `tally` command."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Carry out one call and return its exit code: 0, 1 for a failure, 2 for a wrong call, 130 after Ctrl-C."""
    try:
        return int(app(global_options_first(arguments), prog_name="tally", standalone_mode=False) or 0)
    except typer.Exit as ending:
        return ending.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left (`tally report ... | head`). Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except typer.TyperException as error:
        return _complain(error, error.format_message(), error.exit_code)
    except WrongCall as error:
        return _complain(error, str(error), WRONG_CALL)
    except Exception as error:  # noqa: BLE001 (the last stop: every failure becomes one line and an exit code)
        return _complain(error, str(error) or type(error).__name__, FAILED)


def _complain(error: BaseException, message: str, code: int) -> int:
    if os.environ.get("TALLY_DEBUG", "") not in {"", "0"}:
        traceback.print_exception(error)
    print(f"tally: {' '.join(message.split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
