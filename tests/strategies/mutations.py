"""Events and their bytes with something changed about them: often invalid, not always."""

import json

from hypothesis import strategies as st

from tests.strategies.events import TYPES, Json

ODD_TIMES = (
    *("2026-02-29T10:00:00Z", "2024-02-29T10:00:00Z", "2026-03-02 10:00:00Z", "2026-03-02T10:00:00", "2026-03-02T10:00:60Z"),
    *("2026-03-02T24:00:00Z", "2026-03-02T10:00:00.Z", "2026-03-02T10:00:00,5Z", "2026-03-02T10:00:00+24:00", "2026-03-02T10:00:00+0200"),
    *(
        "2026-3-2T10:00:00Z",
        "20260302T100000Z",
        "2026-W10-1T10:00:00Z",
        "2026-03-02T10:00Z",
        " 2026-03-02T10:00:00Z",
        "2026-03-02T10:00:00Z\n",
    ),
    *(
        "٢٠٢٦-03-02T10:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59.999-00:01",
        "1999-12-31T23:59:59.999999Z",
    ),
    *(
        "2000-01-01T00:00:00Z",
        "1969-12-31T23:59:59.9999Z",
        "2026-03-03T10:00:00.0009Z",
        "2026-03-03T10:00:00.001Z",
        "2099-01-01T00:00:00Z",
        "",
    ),
)

ODD_VALUES: tuple[Json, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, 1.5, 1e300, 10**30, [], {}, [None], [{}], {"a": 1}),
    *(
        "",
        "x",
        "1",
        "true",
        "x" * 128,
        "x" * 129,
        "x" * 256,
        "x" * 257,
        "\U0001f600" * 128,
        "\U0001f600" * 129,
        "a/b",
        "é",
        "\u2028",
        "a b",
    ),
    *(
        "a\nb",
        "\x00",
        "\x1f",
        "\x7f",
        "\x80",
        "\x9f",
        "\xa0",
        "\u0085x",
        "\ud800",
        "x\udfff",
        "replied",
        "hard",
        "call",
        "Default",
        "a" * 65,
    ),
)


@st.composite
def mutations(draw: st.DrawFn, event: dict[str, Json]) -> dict[str, Json]:
    """The event with one or two things about it changed: often invalid, not always."""
    changed: dict[str, Json] = json.loads(json.dumps(event))
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(_objects(changed)))
        name = draw(st.sampled_from([*place, "enrollment_id", "sequence_id", "account", "kind"]))
        match draw(st.sampled_from(["odd", "control", "number", "alone", "drop", "time", "unknown type", "other type"])):
            case "control":
                texts = [name for name, value in place.items() if isinstance(value, str)]
                if texts:
                    name = draw(st.sampled_from(texts))
                    place[name] += draw(st.sampled_from(CONTROLS))
            case "number":
                numbers = [name for name, value in place.items() if type(value) is int]
                place[draw(st.sampled_from(numbers or ["sequence_version"]))] = draw(st.sampled_from(ODD_NUMBERS))
            case "alone":
                pair = draw(st.permutations(["enrollment_id", "sequence_id"]))
                place.pop(pair[0], None)
                place[pair[1]] = "x-1"
            case "drop":
                place.pop(name, None)
            case "odd":
                place[name] = draw(st.sampled_from(ODD_VALUES))
            case "time":
                names = [name for name in place if name == "time" or name.endswith("_at")]
                place[draw(st.sampled_from(names or ["time"]))] = draw(st.sampled_from(ODD_TIMES))
            case "unknown type":
                changed["type"] = draw(st.sampled_from(["email.read", "Email.sent", "email.sent ", "email"]))
            case "other type":
                changed["type"] = draw(st.sampled_from(TYPES))
    return changed


@st.composite
def scratches(draw: st.DrawFn, value: bytes) -> bytes:
    """The bytes with a member put into an object, or anything anywhere, or some of them cut away."""
    starts, quotes = ([place + 1 for place, byte in enumerate(value) if byte == sign] for sign in b'{"')
    match draw(st.sampled_from(["member", "text", "anywhere"])):
        case "member" if starts:
            at, cut, piece = draw(st.sampled_from(starts)), 0, draw(st.sampled_from(MEMBERS))
        case "text" if quotes:
            at, cut, piece = draw(st.sampled_from(quotes)), 0, draw(st.sampled_from(SCRAPS))
        case _:
            at, cut = draw(st.integers(0, len(value))), draw(st.integers(0, 3))
            piece = draw(st.sampled_from(SCRAPS) | st.binary(max_size=3))
    return value[:at] + piece + value[at + cut :]


CONTROLS = ("\x00", "\t", "\n", "\x1f", "\x7f", "\x80", "\x85", "\x9f")
ODD_NUMBERS: tuple[Json, ...] = (1.0, -0.0, 1e2, 0, -1, True, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, "1", None)
SCRAPS = (
    *(b"", b'"', b"\\", b"{", b"}", b"[", b",", b":", b"\n", b"\x00", b"\x7f", b"\xc2\x85", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf"),
    *(b"\\ud800", b"\\ud83d\\ude00", b"\\u0000", b"\\u0041", b"\\n", b"\\/", b"NaN", b"1.0", b"01", b"1e5", b"9" * 30, b"null", b"true"),
)
MEMBERS = (
    *(b'"type":"email.opened",', b'"data":{},', b'"id":"twice",', b'"contact_id":"twice",', b'"x":NaN,', b'"x":-Infinity,', b'"x":1e999,'),
    *(b'"x":"\xff",', b'"x":"\xed\xa0\x80",', b'"\xff":1,', b'"x":"\\ud800",', b'"x":"\\ud83d\\ude00",', b'"x":"\\n",', b'"x":"\\x",'),
    *(b'"x":' + b"[" * depth + b"]" * depth + b"," for depth in (2, 240, 248, 249, 250, 251, 9000)),
    b'"x":' + b"9" * 5000 + b",",
)


def _objects(event: dict[str, Json]) -> list[dict[str, Json]]:
    """The event, its data (twice, for most of the fields are there), the objects in the lists of its data, and the objects in these."""
    places = [event]
    data = event.get("data")
    if isinstance(data, dict):
        places += [data, data]
        items = [item for value in data.values() if isinstance(value, list) for item in value if isinstance(item, dict)]
        places += items
        places += [value for item in items for value in item.values() if isinstance(value, dict)]
    return places
