"""The dictionary of ids within one (partition, account): short codes for the ids that many facts and rows repeat."""

from collections.abc import Iterable


class Names:
    """Id <-> code. Codes are 1, 2, 3 ... in order of first use; 0 stands for null, and its text is "".

    Each partition has a dictionary of its own, which only grows and is written in the same commit as the facts that use it: so it needs no
    coordination between workers, and a commit that is lost takes its new codes with it.
    """

    __slots__ = ("_codes", "_texts", "stored")

    def __init__(self, stored: Iterable[str] = ()) -> None:
        self._texts = ["", *stored]
        self._codes: dict[str | None, int] = {text: code for code, text in enumerate(self._texts) if code}
        self._codes[None] = 0
        self.stored = len(self._texts) - 1
        """How many of the codes the store already has."""

    def code(self, text: str | None) -> int:
        """The code of an id, given out now if it is new; 0 for None."""
        code = self._codes.get(text)
        if code is None:
            assert text is not None
            code = self._codes[text] = len(self._texts)
            self._texts.append(text)
        return code

    def text(self, code: int) -> str:
        """The id behind a code; "" for 0."""
        return self._texts[code]

    def unstored(self) -> list[str]:
        """The ids that the store does not have yet, in the order of their codes."""
        return self._texts[self.stored + 1 :]

    def __len__(self) -> int:
        return len(self._texts) - 1
