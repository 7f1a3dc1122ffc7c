"""A page as a tree, and what has to be true of every page."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from httpx import AsyncClient, Response

_VOID: Final = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_ADDRESSES: Final = ("href", "src", "action", "formaction", "poster", "data")


class Element:
    """An element with its attributes, and what it contains."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.contents: list[Element | str] = []

    def __getitem__(self, name: str) -> str:
        """An attribute. Raises KeyError."""
        return self.attributes[name]

    @property
    def text(self) -> str:
        """All text in it, with every run of white space as one space; those within numbers are none."""
        return re.sub(r"[ \t\r\n]+", " ", "".join(self._texts())).strip(" ")

    def _texts(self) -> Iterator[str]:
        for one in self.contents:
            if isinstance(one, str):
                yield one
            else:
                yield from one._texts()

    def all(self, tag: str | None = None, **attributes: str) -> "list[Element]":
        """The elements in it with this tag and these attributes (`data_line` is `data-line`), in order."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [one for one in self.walk() if tag in (None, one.tag) and all(one.attributes.get(name) == wanted[name] for name in wanted)]

    def one(self, tag: str | None = None, **attributes: str) -> "Element":
        """The only one there is."""
        (found,) = self.all(tag, **attributes)
        return found

    def walk(self) -> "Iterator[Element]":
        for one in self.contents:
            if isinstance(one, Element):
                yield one
                yield from one.walk()

    def rows(self) -> list[list[str]]:
        """The texts of the cells of the rows in the body of a table."""
        (body,) = self.all("tbody")
        return [[cell.text for cell in row.walk() if cell.tag in ("th", "td")] for row in body.all("tr")]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attributes})
        assert len(element.attributes) == len(attributes), f"<{tag}> has an attribute twice"
        self._open[-1].contents.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].contents.append(data)


def parse(text: str) -> Element:
    """The tree of a page, whose elements all have to be closed."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    return builder.root


def checked(answer: Response) -> Element:
    """The tree of an answer, of which everything is true that has to be true of any page."""
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    page = parse(answer.text)
    for element in page.walk():
        assert "style" not in element.attributes, f"<{element.tag}> has a style"
        assert not [name for name in element.attributes if name.startswith("on")], f"<{element.tag}> has a handler"
        assert element.tag != "style"
        assert element.tag != "script" or (element.attributes.get("src") and not element.text)
        for name in _ADDRESSES:
            address = element.attributes.get(name, "/")
            if name == "href" and "external" in element.attributes.get("rel", "").split():
                assert address.startswith(("https://crm.example/", "http://crm.example/"))
                continue
            assert address == "" or address[0] in "/?#", f"<{element.tag} {name}={address}> leads elsewhere"
            assert not address.startswith("//")
    ids = [element["id"] for element in page.walk() if "id" in element.attributes]
    assert len(ids) == len(set(ids)), f"ids that are there twice: {[one for one in ids if ids.count(one) > 1]}"
    for name in ("aria-labelledby", "aria-describedby", "for"):
        assert {one for element in page.walk() for one in element.attributes.get(name, "").split()} <= set(ids)
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    assert page.one("html")["lang"] == "en"
    for table in page.all("table"):
        assert len(table.all("caption")) == 1
        assert all(head.attributes.get("scope") in ("col", "row", "colgroup", "rowgroup") for head in table.all("th"))
    for field in page.all("input"):
        assert field.attributes.get("type") == "hidden" or field.attributes.get("aria-label") or _labelled(page, field)
    return page


def _labelled(page: Element, field: Element) -> bool:
    return any(field in label.walk() for label in page.all("label")) or any(
        label.attributes.get("for") == field.attributes.get("id") for label in page.all("label")
    )


async def page(client: AsyncClient, path: str, status: int = 200) -> Element:
    """The tree of the page at a path."""
    answer = await client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.text
    return checked(answer)
