"""The tables of a page: what each heading cell heads, which columns are numbers, a box that scrolls on a phone."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag

_NUMBER = re.compile(
    r"[-+\N{MINUS SIGN}]?[$]?\d[\d,]*(\.\d+)?([eE][-+]?\d+)?%?|[-+]?\.\d+|nan|NaN|<NA>|None|\N{EM DASH}|inf|-inf|"
)
SHORT = 12


def words(tag: Tag) -> str:
    """Give the text of a piece of HTML with single spaces."""
    return " ".join(tag.get_text().split())


def within(tag: Tag, name: str) -> bool:
    """Say whether a tag stands inside one of this class."""
    return any(name in str(parent.get("class", "")).split() for parent in tag.parents)


def classes(tag: Tag, *names: str) -> None:
    """Give a tag these classes and no other."""
    if names:
        tag["class"] = " ".join(names)
    elif tag.has_attr("class"):
        del tag["class"]


def settle(soup: BeautifulSoup, table: Tag, number: int) -> None:
    """Make a table readable by everyone; one that is not of leadlib first loses its looks and gains scopes."""
    ours = within(table, "ll-table")
    table.attrs = {}
    if not ours:
        _names_up(table)
        _scope(table)
        _align(table)
        table.wrap(soup.new_tag("div", attrs={"class": "ll-table"}))
    for cell in table.find_all(["th", "td"]):
        _short(soup, cell)
    caption = table.find("caption")
    label = words(caption) if caption else ""
    if caption:
        inner = soup.new_tag("span", attrs={"class": "ll-held"})
        inner.extend(list(caption.contents))
        caption.append(inner)
    # A wide table scrolls inside its own box; the box has a name and takes the focus so that keys can scroll it.
    table.wrap(
        soup.new_tag(
            "div",
            attrs={"class": "ll-scroll", "role": "region", "tabindex": "0", "aria-label": label or f"Table {number}"},
        )
    )


def _short(soup: BeautifulSoup, cell: Tag) -> None:
    """Keep a short text on one line; let a value and the range in brackets behind it part in no other place."""
    text = "" if cell.find(True) else words(cell)
    if not text:
        return
    parts = re.fullmatch(r"(\S.{0,18}) (\(.{1,24}\))", text)
    if parts and "ll-right" in str(cell.get("class", "")).split():
        value, behind = (soup.new_tag("span", attrs={"class": css}) for css in ("ll-short", "ll-short ll-range"))
        value.string, behind.string = parts[1], parts[2]
        cell.clear()
        cell.extend([value, soup.new_string(" "), behind])
    elif len(text) <= SHORT and cell.find_parent("tbody"):
        classes(cell, *(name for name in cell.get_attribute_list("class") if name), "ll-short")


def _names_up(table: Tag) -> None:
    """Lift the names of pandas' index, which have a row of their own, into the empty heading cells above them."""
    head = [row.find_all(["th", "td"]) for row in table.find_all("tr") if row.find_parent("thead")]
    if len(head) < 2 or len(head[-1]) != len(head[-2]):
        return
    above, last = head[-2], head[-1]
    named = [k for k, cell in enumerate(last) if words(cell)]
    if named and all((words(cell) == "") == (k in named) for k, cell in enumerate(above)):
        for k in named:
            above[k].replace_with(last[k])
        row = last[-1].parent
        if row is not None:
            row.decompose()


def _scope(table: Tag) -> None:
    """Say of each heading cell what it heads; an empty heading cell is none."""
    for cell in table.find_all(["th", "td"]):
        cell.attrs = {k: v for k, v in cell.attrs.items() if k in ("colspan", "rowspan")}
        if cell.name == "td":
            continue
        if not words(cell):
            cell.name = "td"
        elif cell.find_parent("thead") or not _in_body_row_with_data(cell):
            cell["scope"] = "colgroup" if str(cell.get("colspan", "1")) != "1" else "col"
        else:
            cell["scope"] = "rowgroup" if str(cell.get("rowspan", "1")) != "1" else "row"


def _in_body_row_with_data(cell: Tag) -> bool:
    row = cell.find_parent("tr")
    return row is None or row.find("td") is not None


def _align(table: Tag) -> None:
    """Set columns of numbers to the right, their headings too, in a table that spans no cells below its head."""
    head = [row for row in table.find_all("tr") if row.find_parent("thead")]
    body = [row for row in table.find_all("tr") if not row.find_parent("thead")]
    grid = [row.find_all(["th", "td"]) for row in body]
    if not grid or any(cell.get("colspan") or cell.get("rowspan") for row in grid for cell in row):
        return
    for k in range(min(len(row) for row in grid)):
        texts = [words(row[k]) for row in grid]
        numeric = any(any(c.isdigit() for c in t) for t in texts) and all(_NUMBER.fullmatch(t) for t in texts)
        level = [row.find_all(["th", "td"]) for row in head if not row.find(colspan=True)]
        heads = [cells[k] for cells in level if len(cells) > k]
        for cell in [*(row[k] for row in grid), *heads]:
            classes(cell, "ll-right" if numeric and grid[0][k].name == "td" else "ll-left")
