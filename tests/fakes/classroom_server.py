"""A lesson's app that speaks docs/protocol/classroom.md well enough to draw every state of the page.

`GET /lessons/le_fake/room?as=PERSON` opens the page as somebody; `POST /fake/{what}` makes things happen. Tokens are
refused unless a media server is named. To look at pages: `python -m tests.fakes.classroom_server PORT DIST`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import socketio  # type: ignore[import-untyped]  # it ships no types
from aiohttp import web
from livekit.api import AccessToken, VideoGrants

from server.http.headers import HeaderPolicy, add_security_headers
from server.pages.assets import Assets
from server.pages.catalogue import read_catalogue
from server.pages.language import choose_language, remember_choice
from server.pages.rendering import Renderer
from server.pair import LocalizedText
from tests.fakes.classroom_scene import KEY, TITLE, FakeClass, Payload, both, instant, member

READY = "The fake is ready: "


class FakeServer:
    def __init__(self, dist: Path, media: tuple[str, str, str] | None = None) -> None:
        self.known = FakeClass()
        self.media = media
        self.heard: list[tuple[str, str, Payload]] = []
        self.renderer = Renderer(read_catalogue(), Assets(dist), "fake")
        self.io = socketio.AsyncServer(async_mode="aiohttp", namespaces="*", transports=["websocket"])
        self.app = web.Application()
        add_security_headers(self.app, HeaderPolicy(connect_urls=(media[0],) if media else ()))
        self.io.attach(self.app)
        self.app.router.add_get("/lessons/{id}/room", self.show_room)
        self.app.router.add_get("/join", self.show_join)
        self.app.router.add_get("/api/v1/lessons/{id}/token", self.token)
        self.app.router.add_post("/fake/{what}", self.do)
        self.app.router.add_get("/fake/heard", self.show_heard)
        self.app.router.add_static("/static/", dist)
        self.io.on("connect", self.on_connect, namespace="/classroom")
        self.io.on("disconnect", self.on_disconnect, namespace="/classroom")
        self.io.on("*", self.on_any, namespace="/classroom")

    def page(self, request: web.Request, template: str, **values: Any) -> web.Response:
        text = self.renderer.render(template, choose_language(request), path=request.path, **values)
        response = web.Response(text=text, content_type="text/html")
        remember_choice(request, response)
        return response

    async def show_room(self, request: web.Request) -> web.Response:
        person = request.query.get("as", "pupil-ava")
        known = self.known.you(person)
        me = {key: known[key] for key in ("person", "name", "side", "role", "is_teacher")}
        values = {
            "lesson_json": json.dumps(self.known.lesson),
            "me_json": json.dumps(me),
            "is_companion": known["is_companion"],
        }
        response = self.page(request, "classroom.html", title=TITLE, screen=request.query.get("screen", ""), **values)
        response.set_cookie("fake_as", person)
        return response

    async def show_join(self, request: web.Request) -> web.Response:
        problem = LocalizedText(
            en="This code does not open a lesson today. Please look at the card again.",
            zh="這個代碼今天沒有對應的課堂，請再看一次卡片。",
        )
        return self.page(
            request,
            "join.html",
            code=request.query.get("code", ""),
            problem=problem if "problem" in request.query else None,
        )

    async def token(self, request: web.Request) -> web.Response:
        if self.media is None:
            return web.json_response(
                {
                    "code": "media_unavailable",
                    "titles": both("Sound and picture are starting again.", "影音服務正在重新啟動。"),
                },
                status=503,
            )
        url, key, secret = self.media
        person = request.cookies["fake_as"]
        token = AccessToken(key, secret).with_identity(person).with_grants(VideoGrants(room_join=True, room="le_fake"))
        return web.json_response(
            {
                "url": url,
                "room": "le_fake",
                "token": token.to_jwt(),
                "identity": person,
                "expires_in_s": 600,
                "ice_servers": [],
            }
        )

    async def on_connect(self, sid: str, environ: Payload, _auth: Payload) -> None:
        cookies = dict(part.strip().split("=", 1) for part in environ.get("HTTP_COOKIE", "").split(";") if "=" in part)
        self.known.sockets[sid] = cookies.get("fake_as", "")
        await self.io.emit("state", self.known.state(cookies.get("fake_as", "")), to=sid, namespace="/classroom")

    async def on_disconnect(self, sid: str, *_: Any) -> None:
        self.known.sockets.pop(sid, None)

    async def on_any(self, event: str, sid: str, payload: Payload) -> Payload:
        person = self.known.sockets[sid]
        self.heard.append((person, event, payload))
        refusal = {"ok": False, "code": "forbidden", "titles": both("You may not do this.", "您不能這樣做。")}
        handler = getattr(self, f"do_{event}", None)
        if event == "sync":
            await self.io.emit("state", self.known.state(person), to=sid, namespace="/classroom")
        elif handler is not None:
            await handler(person, payload)
        elif not self.known.is_teacher(person) and event != "report":
            return refusal
        return {"ok": True, "seq": self.known.seq}

    async def change(
        self, kind: str, by: str = "", *, put: Payload | None = None, drop: Payload | None = None, **set_: Any
    ) -> None:
        """Applies a patch to the truth and tells everybody what they may see of it."""
        known = self.known
        known.seq += 1
        known.shared.update({key: value for key, value in set_.items() if key in known.shared})
        known.lesson.update(set_.get("lesson", {}))
        if "lesson" in set_:
            set_["lesson"] = known.lesson
        for name, entries in (put or {}).items():
            for entry in entries:
                entry = {**entry, "seq": entry.get("seq") or known.seq} if name in ("chat", "reports") else entry
                self.replace(name, entry)
        for name, keys in (drop or {}).items():
            for key in keys:
                self.replace(name, {KEY[name]: key}, is_gone=True)
        for sid, person in known.sockets.items():
            event: Payload = {
                "seq": known.seq,
                "at": instant(0),
                "kind": kind,
                "by": by,
                "set": dict(set_),
                "put": {},
                "drop": drop or {},
            }
            for name, entries in (put or {}).items():
                if name in ("lobby", "reports") and not known.is_teacher(person):
                    continue
                now = [one for one in self.entries(name) if one[KEY[name]] in {entry[KEY[name]] for entry in entries}]
                event["put"][name] = [one for one in now if name != "chat" or known.sees(person, one)]
            if any(one.get("person") == person for one in (put or {}).get("people", ())):
                event["set"]["you"] = known.you(person)
            if not known.is_waiting(person):
                await self.io.emit("event", event, to=sid, namespace="/classroom")

    def entries(self, name: str) -> list[Payload]:
        return list(self.known.people.values()) if name == "people" else self.known.lists[name]

    def replace(self, name: str, entry: Payload, *, is_gone: bool = False) -> None:
        key = KEY[name]
        if name == "people":
            self.known.people.pop(entry[key], None)
            if not is_gone:
                self.known.people[entry[key]] = entry
            return
        entries = self.known.lists[name]
        place = next((index for index, one in enumerate(entries) if one[key] == entry[key]), None)
        if place is None:
            entries += [] if is_gone else [entry]
        else:
            entries[place : place + 1] = [] if is_gone else [entry]

    async def do_chat_send(self, person: str, payload: Payload) -> None:
        status = "held" if "@" in payload["text"] else "shown"
        known = self.known.you(person)
        message = {
            "message": f"m{self.known.seq + 1}",
            "at": instant(0),
            "from": person,
            "name": known["name"],
            "side": known["side"],
            "to": payload["to"],
            "text": payload["text"],
            "status": status,
            "why": ["email"] if status == "held" else [],
        }
        await self.change(f"chat_{status}", person, put={"chat": [message]})

    async def do_chat_release(self, person: str, payload: Payload) -> None:
        message = next(one for one in self.known.lists["chat"] if one["message"] == payload["message"])
        await self.change("chat_released", person, put={"chat": [{**message, "status": "shown", "why": []}]})

    async def do_hand_raise(self, person: str, _: Payload) -> None:
        await self.change("hand_raised", person, hands=[*self.known.shared["hands"], person])

    async def do_hand_lower(self, person: str, payload: Payload) -> None:
        lowered = payload.get("person", person)
        await self.change("hand_lowered", person, hands=[one for one in self.known.shared["hands"] if one != lowered])

    async def do_word_put(self, person: str, payload: Payload) -> None:
        word = payload.get("word") or f"w{len(self.known.lists['words']) + 1}"
        await self.change("word_put", person, put={"words": [{"note": "", **payload, "word": word}]})

    async def do_react(self, person: str, payload: Payload) -> None:
        await self.io.emit("reaction", {"person": person, **payload}, namespace="/classroom")

    async def do_lock(self, person: str, payload: Payload) -> None:
        await self.change("lock_set", person, is_locked=payload["locked"])

    async def do_admit_all(self, person: str, _: Payload) -> None:
        waiting = [one["person"] for one in self.known.lists["lobby"]]
        people = [member(one["person"], one["name"], one["side"]) for one in self.known.lists["lobby"]]
        for one in waiting:
            self.known.notes.pop(one, None)
        await self.change("admitted", person, put={"people": people}, drop={"lobby": waiting})
        for sid, one in self.known.sockets.items():
            if one in waiting:
                await self.io.emit("state", self.known.state(one), to=sid, namespace="/classroom")

    async def do(self, request: web.Request) -> web.Response:
        """`change` {kind, put?, drop?, …}, `send` {to?, message, payload}, `note`, `skip`, `cut`, `reset`."""
        what, body = request.match_info["what"], await request.json()
        if what == "change":
            await self.change(**body)
        elif what == "skip":
            self.known.seq += 1
        elif what == "reset":
            sockets, self.known = self.known.sockets, FakeClass()
            self.known.sockets = sockets
        elif what == "note":
            self.known.notes[body["person"]] = body["note"]
        for sid, person in list(self.known.sockets.items()):
            if body.get("to") not in (None, person) or body.get("person") not in (None, person):
                continue
            if what == "send":
                await self.io.emit(body["message"], body["payload"], to=sid, namespace="/classroom")
            elif what == "note":
                await self.io.emit("state", self.known.state(person), to=sid, namespace="/classroom")
            elif what == "cut":
                await self.io.disconnect(sid, namespace="/classroom")
        return web.json_response({"seq": self.known.seq})

    async def show_heard(self, _: web.Request) -> web.Response:
        return web.json_response(self.heard)


async def serve(port: int, server: FakeServer) -> None:
    runner = web.AppRunner(server.app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    host, bound = runner.addresses[0][:2]
    print(f"{READY}http://{host}:{bound}", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    port, dist, *media = sys.argv[1:]
    asyncio.run(serve(int(port), FakeServer(Path(dist), (media[0], media[1], media[2]) if media else None)))


if __name__ == "__main__":
    main()
