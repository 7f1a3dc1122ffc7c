import json
from pathlib import Path

from events.catalog import CATALOG
from events.schema import json_schema
from tests.unit.cli.conftest import Tally


def test_the_schema_of_one_type(tally: Tally) -> None:
    assert json.loads(tally("schema", "email.opened").out) == json_schema("email.opened")


def test_the_schema_of_all_types(tally: Tally) -> None:
    assert json.loads(tally("schema").out) == json_schema()


def test_writing_all_schemas(tally: Tally, tmp_path: Path) -> None:
    outcome = tally("schema", "--write", "schemas")
    assert outcome.code == 0
    assert {path.name for path in (tmp_path / "schemas").iterdir()} == {"events.json", *(f"{name}.json" for name in CATALOG)}


def test_writing_one_type_is_a_wrong_call(tally: Tally) -> None:
    outcome = tally("schema", "email.opened", "--write", "schemas")
    assert outcome.code == 2
    assert "--write" in outcome.err
