"""An array is divided into its members whatever they are, and what is no array is none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.json_array import members

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some), max_leaves=12
)


@given(st.lists(ANYTHING), st.sampled_from([None, 0, 2]), st.booleans())
def test_the_members_are_those_of_the_array(values: list[Any], indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    found = members(text)
    assert found is not None
    assert [json.loads(one) for one in found] == values


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b" [ ] ", []),
        (rb'[{"id": "\ud800"}, 1]', [rb'{"id": "\ud800"}', b"1"]),
        (b'["a, ] b", NaN]', [b'"a, ] b"', b"NaN"]),
        (b'[{"a": ' + b"[" * 2_000 + b"]" * 2_000 + b"}]", [b'{"a": ' + b"[" * 2_000 + b"]" * 2_000 + b"}"]),
        (b'["\\"", \xff]', [b'"\\""', b"\xff"]),
    ],
)
def test_members_may_be_anything(text: bytes, found: list[bytes]) -> None:
    assert members(text) == found


@pytest.mark.parametrize("text", [b"", b"{}", b"[", b"[1", b"[1,]", b"[,1]", b"[1] 2", b"[{]}", b'["a]', b"1, 2]", b"[[1]", b"]"])
def test_what_is_no_array_has_none(text: bytes) -> None:
    assert members(text) is None
