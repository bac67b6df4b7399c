"""The body of a page made safe and orderly: an allow-list of what may stand in it, one title, anchors, table headings.

Text from data can reach a notebook's output as HTML. Whatever it holds, only plain content leaves here: no script, no
style, no event, no form, nothing that is loaded from elsewhere, and no link but to the web, to mail or within the page.
"""

from __future__ import annotations

import base64
import functools
import re
import unicodedata
from dataclasses import dataclass
from html import escape
from typing import Any

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.formatter import HTMLFormatter

from leadlib.pages.grids import classes, settle, within, words

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_DROPPED = (
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "object",
    "embed",
    "svg",
    "math",
    "form",
    "head",
    "title",
    "textarea",
    "select",
    "button",
    "input",
    "audio",
    "video",
    "link",
    "meta",
    "base",
)
_TAGS = frozenset(
    (
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "p",
        "div",
        "span",
        "br",
        "hr",
        "a",
        "em",
        "strong",
        "b",
        "i",
        "u",
        "s",
        "del",
        "ins",
        "sub",
        "sup",
        "small",
        "mark",
        "abbr",
        "cite",
        "q",
        "kbd",
        "samp",
        "var",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "figure",
        "figcaption",
        "img",
        "details",
        "summary",
    )
)
_PLAIN_ATTRIBUTES = frozenset({"class", "id", "title", "lang", "dir"})
_ATTRIBUTES = {
    "a": {"href", "rel"},
    "img": {"src", "alt", "width", "height"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "ol": {"start"},
    "div": {"role", "tabindex", "aria-label"},
    "pre": {"tabindex"},
}
_LINK = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|svg\+xml);base64,([A-Za-z0-9+/]+={0,2})")
_BEGINS = {"png": b"\x89PNG\r\n", "jpeg": b"\xff\xd8\xff", "gif": b"GIF8", "svg+xml": b"<"}
# Only names that the style sheet knows: our own, and the short ones of coloured code.
_CLASS = re.compile(r"ll-[a-z-]+|highlight|[a-z][a-z0-9]{0,2}")
_YEARS = re.compile(r"(\b\d{4}\N{EN DASH}\d{2}\b)")
# bleach escapes an attribute twice when it stands in single quotes, so every double quote inside one is escaped first.
_ESCAPED = HTMLFormatter(entity_substitution=lambda text: escape(text, quote=False).replace('"', "&quot;"))
NO_ALT = "A figure without a description"
_FILLER = "No description has been provided for this image"  # nbconvert's own words for a picture without any


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Body:
    """Clean HTML, with what was taken out of it for the head of the page."""

    html: str
    heading: str
    kicker: str
    contents: tuple[Entry, ...]


def tidy(raw: str, title: str | None = None, *, case: bool = False) -> Body:
    """Give the body of a page from the raw HTML of a notebook.

    The title moves to the head of the page: a heading of level 1 that comes with the results, or else the title
    given, or else the first heading of level 1. A case keeps its own, and the title given stands above it. Levels
    that were skipped are closed up; every heading gets an anchor.
    """
    soup = BeautifulSoup(raw, "html.parser")
    for tag in soup.find_all(list(_DROPPED)):
        tag.decompose()
    for tag in soup.find_all(True):
        tag.attrs = {k: v for k, v in tag.attrs.items() if k != "id" and k != "style"}
        classes(tag, *(name for name in tag.get_attribute_list("class") if name and _CLASS.fullmatch(name)))
    heading, kicker = _take_own(soup, title) if case else _take_title(soup, title)
    for cell in soup.find_all("div", class_="ll-text"):
        if not words(cell) and not cell.find("img"):
            cell.decompose()
    contents = _headings(soup)
    for number, table in enumerate(soup.find_all("table"), 1):
        settle(soup, table, number)
    for picture in soup.find_all("img"):
        _picture(soup, picture)
    for text in soup.find_all(string=_YEARS):
        _whole_years(soup, text)
    for block in soup.find_all("pre"):
        block["tabindex"] = "0"
    for link in soup.find_all("a"):
        _link(link)
    return Body(_cleaner().clean(soup.decode(formatter=_ESCAPED)), heading, kicker, contents)


# -- titles ------------------------------------------------------------------------------------------------------------


def _take_title(soup: BeautifulSoup, title: str | None) -> tuple[str, str]:
    top = [h for h in soup.find_all("h1") if words(h)]
    own = next((h for h in top if within(h, "ll-prose")), None)
    chosen = own or (top[0] if top and not title else None)
    heading = words(chosen) if chosen else (title or "")
    kicker = ""
    if top and top[0] is not chosen and not within(top[0], "ll-prose"):
        kicker = "" if words(top[0]) == heading else words(top[0])
        top[0].decompose()
    if chosen:
        chosen.decompose()
    return heading, kicker


def _take_own(soup: BeautifulSoup, title: str | None) -> tuple[str, str]:
    """Give a case's own title, and what it is about as the line above."""
    chosen = next((h for h in soup.find_all("h1") if words(h) and not within(h, "ll-prose")), None)
    if chosen is None:
        return title or "", ""
    heading = words(chosen)
    chosen.decompose()
    return heading, title if title and title != heading else ""


def _headings(soup: BeautifulSoup) -> tuple[Entry, ...]:
    contents, used, before = [], set[str](), 1
    for tag in soup.find_all(HEADINGS):
        text = words(tag)
        if not text:
            tag.decompose()
            continue
        level = min(max(int(tag.name[1]), 2), before + 1)
        tag.name, before = f"h{level}", level
        anchor = _anchor(text, used)
        tag["id"] = anchor
        if level <= 3:
            contents.append(Entry(level, text, anchor))
    return tuple(contents)


def _anchor(text: str, used: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "section"
    # Names the page itself uses are taken from the start.
    taken, name, k = used | {"content", "contents", "top"}, stem, 2
    while name in taken:
        name, k = f"{stem}-{k}", k + 1
    used.add(name)
    return name


def _whole_years(soup: BeautifulSoup, text: NavigableString) -> None:
    """Keep a school year such as 1999-00 on one line: browsers break after the dash."""
    if any(parent.name in ("pre", "code", "td", "th") for parent in text.parents):
        return
    for part in _YEARS.split(str(text)):
        if _YEARS.fullmatch(part):
            year = soup.new_tag("span", attrs={"class": "ll-short"})
            year.string = part
            text.insert_before(year)
        elif part:
            text.insert_before(soup.new_string(part))
    text.extract()


# -- pictures and links ------------------------------------------------------------------------------------------------


def _picture(soup: BeautifulSoup, picture: Tag) -> None:
    """Keep a picture that is inside the page, with words for who cannot see it; any other gives way to its words."""
    figure = picture.find_parent("figure")
    caption = figure.find("figcaption") if figure else None
    said = str(picture.get("alt") or "").replace(_FILLER, "").strip() or (words(caption) if caption else "")
    if not _drawn(str(picture.get("src", ""))):
        picture.replace_with(soup.new_string(f"[Picture not shown: {said}]" if said else "[Picture not shown]"))
        return
    picture["alt"] = said or NO_ALT
    for side in ("width", "height"):
        if not str(picture.get(side, "")).isdigit():
            del picture[side]


def _drawn(source: str) -> bool:
    """Say whether this is a picture inside the page, of the kind it says it is."""
    found = _PICTURE.fullmatch(source)
    if not found:
        return False
    try:
        return base64.b64decode(found[2], validate=True).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(_BEGINS[found[1]])
    except ValueError:
        return False


def _link(link: Tag) -> None:
    address = str(link.get("href", "")).strip()
    if not _LINK.match(address):
        link.name, link.attrs = "span", {}
    elif not address.startswith("#"):
        link["rel"] = "noopener noreferrer"


# -- the allow-list ----------------------------------------------------------------------------------------------------


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "class":
        return all(_CLASS.fullmatch(part) for part in value.split())
    if name in _PLAIN_ATTRIBUTES:
        return True
    if name not in _ATTRIBUTES.get(tag, ()):
        return False
    if name == "href":
        return _LINK.match(value) is not None
    if name == "src":
        return _PICTURE.fullmatch(value) is not None
    return True


@functools.cache
def _cleaner() -> Any:
    import bleach

    return bleach.Cleaner(
        tags=_TAGS, attributes=_allowed, protocols={"http", "https", "mailto", "data"}, strip=True, strip_comments=True
    )
