"""Somebody with a browser that runs no script: reads pages, fills in their real forms, follows redirects."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from aiohttp import FormData, web
from aiohttp.test_utils import TestClient

Client = TestClient[web.Request, web.Application]


@dataclass
class PageForm:
    """A form of a page: where it goes and what its fields hold."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Forms, links, headings and visible text of a page, and what it should not have."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.scripts_inline = 0
        self.handlers: list[str] = []
        self.elements: list[str] = []
        self.ids: list[str] = []
        self._form: PageForm | None = None
        self._select = ""
        self._area = ""
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append(tag)
        self.handlers += [name for name in given if name.startswith("on") or name == "style"]
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "script":
            self._in_script = True
            self.scripts_inline += "src" not in given
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            self._form = PageForm(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._form)
        if self._form is not None:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        name = given.get("name", "")
        if tag == "input" and given.get("type") == "file":
            self._form.files.append(name)
        elif tag == "input" and given.get("type") in ("checkbox", "radio"):
            self._form.options.setdefault(name, []).append(given.get("value", ""))
            if "checked" in given:
                self._form.values.setdefault(name, []).append(given.get("value", ""))
        elif tag == "input" and name:
            self._form.values[name] = [given.get("value", "")]
        elif tag == "select":
            self._select = name
            self._form.values[name] = []
        elif tag == "option":
            self._form.options.setdefault(self._select, []).append(given.get("value", ""))
            if "selected" in given or not self._form.values[self._select]:
                self._form.values[self._select] = [given.get("value", "")]
        elif tag == "textarea":
            self._area = name
            self._form.values[name] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "textarea":
            if self._form is not None:
                # HTML: one line break right after the start tag is not part of the text.
                self._form.values[self._area] = [self._form.values[self._area][0].removeprefix("\n")]
            self._area = ""
        if tag == "script":
            self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form.values[self._area][0] += data
        elif not self._in_script:
            self.texts.append(data)


@dataclass
class Seen:
    """An answer as its reader has it."""

    status: int
    path: str
    html: str
    headers: Any

    def __post_init__(self) -> None:
        reader = _Reader()
        reader.feed(self.html)
        self.forms, self.links, self.reader = reader.forms, reader.links, reader
        self.text = " ".join(" ".join(reader.texts).split())

    def form(self, action: str) -> PageForm:
        found = [form for form in self.forms if form.action == action]
        assert len(found) == 1, f"{self.path} has {len(found)} forms to {action}: {[one.action for one in self.forms]}"
        return found[0]


class WebUser:
    """Cookies are the client's own; `language` is what the browser asks for."""

    def __init__(self, client: Client, language: str = "en") -> None:
        self.client = client
        self.language = language

    async def get(self, path: str) -> Seen:
        answer = await self.client.get(path, headers={"Accept-Language": self.language})
        return Seen(answer.status, str(answer.url.relative()), await answer.text(), answer.headers)

    async def post(self, path: str, data: Any, *, origin: str | None = None) -> Seen:
        own = str(self.client.make_url("")).rstrip("/")
        headers = {"Origin": origin or own, "Accept-Language": self.language}
        answer = await self.client.post(path, data=data, headers=headers)
        return Seen(answer.status, str(answer.url.relative()), await answer.text(), answer.headers)

    async def submit(self, page: Seen, form_action: str, /, **given: str | list[str] | bytes) -> Seen:
        """Fills in a form of the page and sends it, with all that it holds already; `bytes` is an uploaded file."""
        form = page.form(form_action)
        values = {name: list(one) for name, one in form.values.items()}
        uploads = {name: one for name, one in given.items() if isinstance(one, bytes)}
        for name, one in given.items():
            assert name in form.values or name in form.options or name in form.files, f"{form_action} has no {name}"
            if not isinstance(one, bytes):
                values[name] = [one] if isinstance(one, str) else list(one)
        if not uploads:
            return await self.post(form_action, [(name, one) for name, many in values.items() for one in many])
        data = FormData(default_to_multipart=True)
        for name, many in values.items():
            for value in many:
                data.add_field(name, value)
        for name, content in uploads.items():
            data.add_field(name, content, filename="class.csv", content_type="text/csv")
        return await self.post(form_action, data)


def best_first(text: str) -> str:
    """Of the page of hours, the ranked list alone: the grid beside it names every date, also those without an hour."""
    return text.split("Best first", 1)[-1].split("Week by week", 1)[0]
