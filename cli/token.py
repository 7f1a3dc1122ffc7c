"""`tally token`: who may use the HTTP interface, and for what."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.failure import Failure, WrongCall
from cli.settings import load

if TYPE_CHECKING:
    from web.tokens import Tokens

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke the tokens of the HTTP interface.")

_SCOPES = "read (numbers), publish (events), act (enrollments, dashboards), operate (metrics of the server)"


@app.command()
def create(
    context: typer.Context,
    scope: Annotated[list[str] | None, typer.Option(help=f"What it allows, repeatable: {_SCOPES}. Default: read.")] = None,
    label: Annotated[str, typer.Option(help="What it is for, for those who read the list.")] = "",
    if_none: Annotated[bool, typer.Option("--if-none", help="Only if there is no token yet; for scripts that run at every start.")] = False,
) -> None:
    """Make a token of one account and print it. It cannot be shown again: only a hash of it is kept.

    From the first one on, every request to `tally web` needs a token, also when the last one is revoked.

    [bold]Examples[/bold]

      tally token create --account acme --label "sales dashboard"

      tally token create --account acme --scope publish --scope read
    """
    from cli.clock import now
    from events.envelope import has_control_character
    from events.rfc3339 import format_time
    from projections.settings import RedisSettings
    from web.tokens import Scope

    asked = list(dict.fromkeys(scope or [Scope.READ]))
    if unknown := [name for name in asked if name not in list(Scope)]:
        raise WrongCall(f"--scope: {unknown[0]!r} is not allowed; choose from {', '.join(Scope)}")
    if has_control_character(label):
        raise WrongCall("--label: may have no control characters, as a token is one line of the list")
    scopes = [Scope(name) for name in asked]
    account, tokens = load(RedisSettings, context).account, _tokens(context)
    if if_none and tokens.all():
        typer.echo("there is a token already; tally token list shows whose", err=True)
        return
    token, secret = tokens.create(account, scopes, label, format_time(now()))
    typer.echo(f"token {token.id} of {account} allows to {', '.join(scopes)}; it is shown this once:", err=True)
    print(secret)


@app.command("list")
def list_tokens(context: typer.Context) -> None:
    """List the tokens of all accounts, without what they are made of.

    [bold]Example[/bold]

      tally token list
    """
    for token in _tokens(context).all():
        print(f"{token.id}  {token.account}  {','.join(token.scopes)}  {token.created_at}  {token.label}".rstrip())


@app.command()
def revoke(context: typer.Context, token_id: Annotated[str, typer.Argument(metavar="ID", help="As `tally token list` shows it.")]) -> None:
    """Take a token away, at once.

    [bold]Example[/bold]

      tally token revoke 3f9a61c2
    """
    tokens = _tokens(context)
    if not tokens.revoke(token_id):
        raise Failure(f"there is no token {token_id!r}; tally token list shows those that there are")
    print(f"revoked {token_id}")
    if not tokens.all():
        typer.echo(f"it was the last one, and one is still needed: {tokens.ways_on}", err=True)


def _tokens(context: typer.Context) -> "Tokens":
    from web.settings import WebSettings
    from web.tokens import Tokens

    return Tokens(load(WebSettings, context).tokens)
