"""What a learner reads below an exercise. Where nothing is answered yet, a page leaves room to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from leadlib.blocks import Block

State = Literal["open", "done", "again", "left out"]
TITLES: dict[State, str] = {"open": "Not answered yet", "done": "That agrees", "again": "Not yet", "left out": ""}
ROLES: dict[State, str] = {"open": "question", "done": "finding", "again": "note", "left out": "note"}


@dataclass(frozen=True, repr=False)
class Feedback(Block):
    """Whether something is answered, agrees, or needs another look, and a few sentences on it.

    `lines` is the room that a page leaves for an answer where there is none yet, and `room` says what belongs there.
    """

    state: State
    sentences: tuple[str, ...]
    title: str = ""
    bullets: bool = False
    lines: int = 1
    room: str = "Your answer"

    @property
    def heading(self) -> str:
        """The title, or what the state is called."""
        return self.title or TITLES[self.state]

    def data(self) -> dict[str, Any]:
        """Give state, title, sentences, and the room to write."""
        return {
            "kind": "exercise",
            "state": self.state,
            "title": self.heading,
            "sentences": list(self.sentences),
            "lines": self.lines,
            "room": self.room,
        }

    def html(self) -> str:
        """Give the sentences in a box."""
        head = f'<p class="ll-title">{escape(self.heading)}</p>' if self.heading else ""
        if self.bullets:
            body = "<ul>" + "".join(f"<li>{escape(s)}</li>" for s in self.sentences) + "</ul>"
        else:
            body = "".join(f"<p>{escape(s)}</p>" for s in self.sentences)
        return f'<div class="ll-prose ll-{ROLES[self.state]}">{head}{body}</div>'

    def plain(self) -> str:
        """Give title and sentences as text."""
        mark = "- " if self.bullets else ""
        return "\n".join([*([f"{self.heading}:"] if self.heading else []), *(mark + s for s in self.sentences)])
