"""Sums are exact however large they get."""

import numpy as np
import pytest

from projections.reports.groups import total


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32, np.int64])
def test_the_largest_values_add_up_beyond_four_bytes(kind: type[np.integer]) -> None:
    largest, many = int(np.iinfo(kind).max) if kind != np.int64 else 1 << 40, 200_001
    assert total(np.full(many, largest, dtype=kind)) == largest * many


def test_nothing_adds_up_to_nothing() -> None:
    assert total(np.zeros(0, dtype=np.uint16)) == 0
