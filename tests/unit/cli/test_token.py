"""`tally token` and `tally web` on the command line."""

import json
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tally


def test_a_token_is_shown_once_and_listed_without_its_secret(tally: Tally, tmp_path: Path) -> None:
    code, secret, said = tally("token", "create", "--account", "acme", "--scope", "publish", "--scope", "read", "--label", "mailer")
    assert (code, secret.startswith("tally_"), secret.count("\n")) == (0, True, 1)
    assert "of acme allows to publish, read" in said
    (kept,) = json.loads((tmp_path / ".tally" / "tokens.json").read_text())["tokens"]
    listed = tally("token", "list").out
    assert listed.split() == [kept["id"], "acme", "publish,read", kept["created_at"], "mailer"]
    assert secret.strip() not in listed
    assert tally("token", "create").code == 0
    assert tally("token", "revoke", kept["id"]) == (0, f"revoked {kept['id']}\n", "")
    code, _, said = tally("token", "revoke", tally("token", "list").out.split()[0])
    assert (code, tally("token", "list").out) == (0, "")
    assert said.startswith("it was the last one, and one is still needed: make another (tally token create); or, ")
    assert "stop tally web, delete '.tally/tokens.json' and start it again" in said


def test_the_first_token_is_made_once_by_a_script_that_runs_at_every_start(tally: Tally) -> None:
    assert tally("token", "create", "--if-none", "--label", "first").out.startswith("tally_")
    assert tally("token", "create", "--if-none") == (0, "", "there is a token already; tally token list shows whose\n")
    assert tally("token", "list").out.count("\n") == 1


def test_what_is_wrong_is_said(tally: Tally) -> None:
    assert tally("token", "revoke", "absent").code == 1
    wrong = tally("token", "create", "--scope", "everything")
    assert (wrong.code, wrong.err) == (2, "tally: --scope: 'everything' is not allowed; choose from read, publish, act, operate\n")
    wrong = tally("token", "create", "--label", "two\nlines")
    assert (wrong.code, wrong.err.startswith("tally: --label: may have no control characters")) == (2, True)


def test_without_a_token_nobody_else_is_let_in(tally: Tally) -> None:
    outcome = tally("web", "--host", "0.0.0.0", "--port", "0")
    assert (outcome.code, outcome.out) == (1, "")
    assert "make one (tally token create), or listen on 127.0.0.1" in outcome.err


def test_without_its_libraries_the_remedy_is_said(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "web.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    outcome = tally("web")
    assert outcome.code == 1
    assert 'pip install "tally[web]"' in outcome.err
