"""The canonical dump: a generation as plain values under names, so that two copies can be compared cell by cell.

Ordinals, codes, versions and offsets depend on the order of arrival and are left out; what they stand for is written instead. Two
generations made of the same set of events dump equal, whatever the order, the batches, the repetitions and the log.
"""

from typing import Any, Final

import numpy as np

from projections import codec, dashboards, definitions
from projections.facts import Contact, content_order
from projections.names import Names
from projections.tables.layout import CHUNK_ROWS, ROW, SEPARATOR, STEP_CELL, shard_prefix
from projections.tables.store import Store

Dump = dict[str, Any]
_CODED: Final = ("step", "enrolled_by", "team", "company", "variant")


def dump(store: Store, partitions: int, generation: int = 1) -> Dump:
    """account -> {contacts, sequences, counters, dashboards}, and `quarantined`; plain JSON values, everything in order of names."""
    prefix = shard_prefix(generation, 0)
    dumped: Dump = {}
    for partition in range(partitions):
        (progress,) = store.read([("HGETALL", f"{prefix}partition:{partition}")])
        for field in sorted(progress):
            kind, _, account = field.decode().partition(":")
            if kind == "contacts":
                shown = dumped.setdefault(account, {"contacts": {}})
                _contacts(store, prefix, partition, account, shown)
    for account, shown in dumped.items():
        _account(store, prefix, account, shown)
        shown["contacts"] = dict(sorted(shown["contacts"].items()))
    (quarantined,) = store.read([("HGETALL", f"{prefix}quarantined")])
    return {**dict(sorted(dumped.items())), "": {"quarantined": _numbers(quarantined)}}


def _contacts(store: Store, prefix: str, partition: int, account: str, shown: Dump) -> None:
    packed, ids, texts, shared = store.read(
        [
            ("HGETALL", f"{prefix}contacts:{partition}:{account}"),
            ("LRANGE", f"{prefix}contact-ids:{partition}:{account}", 0, -1),
            ("LRANGE", f"{prefix}names:{partition}:{account}", 0, -1),
            ("HGETALL", f"{prefix}shared:{partition}:{account}"),
        ]
    )
    names = Names(text.decode() for text in texts)
    for contact_id, state in packed.items():
        contact = codec.decode(state)
        assert ids[contact.ordinal] == contact_id, "contact-ids and contacts disagree"
        shown["contacts"][contact_id.decode()] = {
            "profile": None if contact.profile is None else [getattr(contact.profile, name) for name in contact.profile.__struct_fields__],
            "facts": sorted((content_order(contact, fact, names) for fact in contact.facts), key=repr),
            "enrollments": dict(sorted(_enrollments(store, prefix, partition, account, contact, names).items())),
            "shared": sorted(_shared(shared.get(contact_id), contact, names)),
        }


def _enrollments(store: Store, prefix: str, partition: int, account: str, contact: Contact, names: Names) -> Dump:
    shown: Dump = {}
    steps = sorted({fact[5] for fact in contact.facts if fact[5]} | {0})
    for enrollment in contact.enrollments:
        sequence_id = names.text(enrollment.sequence)
        chunk, place = divmod(enrollment.row, CHUNK_ROWS)
        where = f"{partition}:{chunk}:{account}{SEPARATOR}{sequence_id}"
        rows, *cells = store.read(
            [("GET", f"{prefix}rows:{where}"), *(("GET", f"{prefix}cells:{where}{SEPARATOR}{names.text(step)}") for step in steps)]
        )
        row = np.frombuffer(rows, ROW)[place]
        assert int(row["contact"]) == contact.ordinal, "a row belongs to another contact"
        spelled = {name: row[name].item() for name in ROW.names or () if name != "contact"}
        spelled.update({name: names.text(spelled[name]) for name in _CODED})
        shown[f"{sequence_id}/{enrollment.enrollment_id}"] = {
            "row": spelled,
            "cells": dict(
                sorted((names.text(step), cell) for step, found in zip(steps, cells, strict=True) if any(cell := _cell(found, place)))
            ),
        }
    return shown


def _cell(cells: bytes | None, place: int) -> list[int]:
    start = place * STEP_CELL.itemsize
    if cells is None or len(cells) <= start:
        return [0] * len(STEP_CELL.names or ())
    return [int(number) for number in np.frombuffer(cells[start : start + STEP_CELL.itemsize], STEP_CELL)[0]]


def _shared(packed: bytes | None, contact: Contact, names: Names) -> list[list[list[Any]]]:
    enrollments = {(known.sequence, known.row): known.enrollment_id for known in contact.enrollments}
    return [
        sorted(
            [names.text(sequence), enrollments[sequence, row], bits, sorted(names.text(step) for step in steps)]
            for sequence, row, bits, steps in message
        )
        for message in (codec.decode_shared(packed) if packed else [])
    ]


def _account(store: Store, prefix: str, account: str, shown: Dump) -> None:
    (sequences,) = store.read([("HGETALL", f"{prefix}sequences:{account}")])
    shown["sequences"] = {}
    for sequence_id in sorted(sequences):
        counters, steps = store.read(
            [
                ("HGETALL", f"{prefix}sequence:{account}{SEPARATOR}{sequence_id.decode()}"),
                ("HGETALL", f"{prefix}steps:{account}{SEPARATOR}{sequence_id.decode()}"),
            ]
        )
        definition = definitions.decode(sequences[sequence_id])
        shown["sequences"][sequence_id.decode()] = {
            "definition": definitions.as_values(definition),
            "counters": _numbers(counters),
            "steps": _numbers(steps),
        }
    counters, saved = store.read([("HGETALL", f"{prefix}account:{account}"), ("HGETALL", f"{prefix}dashboards:{account}")])
    shown["counters"] = _numbers(counters)
    shown["dashboards"] = {name.decode(): dashboards.as_values(dashboards.decode(packed)) for name, packed in sorted(saved.items())}


def _numbers(found: dict[bytes, bytes]) -> dict[str, int]:
    return {name.decode(): int(number) for name, number in sorted(found.items()) if int(number)}
