"""One participant at packet level: joins by ``/rtc/v1``, publishes by plan, receives all that it is given."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterable

import aiohttp
from livekit.protocol import models, rtc

from bench.client import rtcp, sdp
from bench.client.dtls import Certificate
from bench.client.options import ParticipantOptions
from bench.client.path import Path, now_us
from bench.client.publish import Encoding, OutAudio, OutTrack, OutVideo, protected_sender
from bench.client.receive import Latencies, Receiver
from bench.client.signalling import Signalling, add_audio, add_video, client_info, join_url
from bench.client.stream import InStream

PING_EVERY_S = 5.0
# Why 20 Mbit/s: the link is not what these benches test; see bench.net for that.
REMB_BPS = 20_000_000


class Participant:
    """Use `join`, wait on `connected` and friends, read the counters, `close`."""

    def __init__(
        self,
        options: ParticipantOptions,
        http: aiohttp.ClientSession,
        certificate: Certificate,
        latencies: Latencies | None = None,
    ) -> None:
        self.options = options
        self._http = http
        self._loop = asyncio.get_running_loop()
        self.signalling = Signalling(http, self._on_message)
        self.path = Path(certificate, with_gcm=options.with_gcm, setup=options.setup)
        self.receiver = Receiver(
            self.path, gro=options.gro, stamps=options.stamps, latencies=latencies, remb_bps=REMB_BPS
        )
        self.arrivals = self.receiver.note_arrivals() if options.notes_arrivals else {}
        self._media_readable = self.path.on_readable
        self.path.on_readable = self.path.read_quietly
        self.path.on_connected = self._on_connected
        self.receiver.on_feedback = self._on_feedback
        self._fingerprint = certificate.fingerprint
        self.sections: list[sdp.Section] = []
        self.tracks: list[OutTrack] = []
        self._by_ssrc: dict[int, tuple[OutTrack, Encoding]] = {}
        self._track_by_sid: dict[str, OutTrack] = {}
        self._cids: dict[str, OutTrack] = {}
        self._live: set[int] = set()
        self._offer_id = 0
        self._answered_id = 0
        self._is_offer_due = False
        self._timers: dict[object, asyncio.TimerHandle] = {}
        self._ping: asyncio.TimerHandle | None = None
        self._candidates: list[tuple[str, str, int]] = []
        self._answer: sdp.Answer | None = None
        self._told: set[str] = set()
        self.owners: dict[str, tuple[str, str]] = {}
        """Track → identity and source, of all that others ever published."""
        self._paused_at: float | None = None
        self._resumed: set[type[OutTrack]] = {OutAudio, OutVideo}
        self.connected = asyncio.Event()
        self.joined = asyncio.Event()
        self.published = asyncio.Event()
        self.left_reason = ""
        self.sid = ""
        self.open_us = self.joined_us = self.answered_us = 0

    async def join(self) -> None:
        """Returns when the socket is open and the join request is on its way; then wait on `connected`."""
        options = self.options
        for kind, count in (("audio", options.audio_sections), ("video", options.video_sections)):
            for _ in range(count):
                self._add_section(kind)
        request = rtc.JoinRequest(
            client_info=client_info(),
            connection_settings=rtc.ConnectionSettings(auto_subscribe=True, adaptive_stream=options.tile is not None),
        )
        if self.sections:  # else the first offer comes with the first track, as Firefox does it
            request.publisher_offer.CopyFrom(self._make_offer())
        self.open_us = now_us()
        await self.signalling.connect(join_url(options.url, request), options.token or options.own_token())

    async def close(self) -> None:
        for timer in [*self._timers.values(), self._ping]:
            if timer is not None:
                timer.cancel()
        self.receiver.close()
        await self.signalling.close()
        self.path.close()

    @property
    def packets_sent(self) -> int:
        return sum(encoding.packets for track in self.tracks for encoding in track.encodings)

    @property
    def late_frames(self) -> int:
        return sum(track.late_frames for track in self.tracks)

    def resent(self) -> int:
        return sum(encoding.resent for track in self.tracks for encoding in track.encodings)

    def unmute(self) -> None:
        """All that it publishes, by its own will; whoever muted it, its packets never stopped coming."""
        for sid in self._track_by_sid:
            self.signalling.send(mute=rtc.MuteTrackRequest(sid=sid, muted=False))

    def pause(self) -> None:
        """Stop sending media; timestamps go on with the clock."""
        if self._paused_at is None:
            self._paused_at = self._loop.time()
            for key, timer in self._timers.items():
                if not isinstance(key, tuple):
                    timer.cancel()

    def resume(self, *, audio: bool = True, video: bool = True) -> None:
        """Go on with what is named; the rest stays silent until the next resume."""
        if self._paused_at is None:
            return
        self._resumed = {kind for kind, wanted in ((OutAudio, audio), (OutVideo, video)) if wanted}
        paused, self._paused_at = self._loop.time() - self._paused_at, None
        for track in self.tracks:
            for encoding in track.encodings:
                encoding.skip(paused)
        self._live.clear()
        self._start_tracks()

    # -- negotiation

    def _add_section(self, kind: str, direction: str = "recvonly", cid: str = "") -> sdp.Section:
        section = sdp.Section(mid=str(len(self.sections)), kind=kind, direction=direction, cid=cid)
        self.sections.append(section)
        return section

    def _make_offer(self) -> rtc.SessionDescription:
        self._offer_id += 1
        local = sdp.Local(
            ufrag=self.path.ufrag, pwd=self.path.pwd, fingerprint=self._fingerprint, setup=self.options.setup
        )
        text = sdp.write_offer(local, self.sections, self._offer_id)
        return rtc.SessionDescription(type="offer", sdp=text, id=self._offer_id)

    def _negotiate(self) -> None:
        """One offer at a time; a wish that comes meanwhile is served after the answer."""
        if self._answered_id < self._offer_id:
            self._is_offer_due = True
            return
        self._is_offer_due = False
        self.signalling.send(offer=self._make_offer())

    def _on_message(self, message: rtc.SignalResponse) -> None:
        kind = message.WhichOneof("message")
        if kind == "join":
            self._on_join(message.join)
        elif kind == "answer":
            self._on_answer(message.answer)
        elif kind == "trickle":
            candidate = sdp.parse_candidate(json.loads(message.trickle.candidateInit).get("candidate", ""))
            if candidate is not None:
                self._candidates.append(candidate)
                self._try_path()
        elif kind == "media_sections_requirement":
            need = message.media_sections_requirement
            for section_kind, count in (("audio", need.num_audios), ("video", need.num_videos)):
                for _ in range(count):
                    self._add_section(section_kind)
            self._negotiate()
        elif kind == "track_published":
            self._on_published(message.track_published)
        elif kind == "update":
            self._know(message.update.participants)
        elif kind == "subscribed_quality_update" and self.options.dynacast:
            self._on_qualities(message.subscribed_quality_update)
        elif kind == "leave":
            self.left_reason = models.DisconnectReason.Name(message.leave.reason)

    def _on_join(self, join: rtc.JoinResponse) -> None:
        self.joined_us = now_us()
        self.sid = join.participant.sid
        self._know(join.other_participants)
        self.joined.set()
        interval = join.ping_interval or PING_EVERY_S
        self._ping = self._loop.call_later(interval, self._send_ping, interval)
        self._publish()

    def _know(self, people: Iterable[models.ParticipantInfo]) -> None:
        for person in people:
            for track in person.tracks:
                self.owners[track.sid] = (person.identity, models.TrackSource.Name(track.source).lower())

    def _send_ping(self, interval: float) -> None:
        self.signalling.send(ping_req=rtc.Ping(timestamp=now_us() // 1000, rtt=1))
        self._ping = self._loop.call_later(interval, self._send_ping, interval)

    def _publish(self) -> None:
        options = self.options
        if options.audio is not None:
            section = self._add_section("audio", "sendonly", f"mic-{secrets.token_hex(6)}")
            self._add_track(OutAudio(options.audio, section.mid, options.seed), section)
            self.signalling.send(add_track=add_audio(options.audio, section.cid))
        for plan, offset in ((options.video, 100), (options.share, 200)):
            if plan is not None:
                section = self._add_section("video", "sendonly", f"{plan.source}-{secrets.token_hex(6)}")
                self._add_track(OutVideo(plan, section.mid, options.seed + offset), section)
                self.signalling.send(add_track=add_video(plan, section.cid))
        if self.tracks:
            self._negotiate()

    def _add_track(self, track: OutTrack, section: sdp.Section) -> None:
        section.rids = tuple(each.rid for each in track.encodings if each.rid)
        is_audio = isinstance(track, OutAudio)
        section.ssrcs = tuple((each.ssrc, 0 if is_audio else each.rtx_ssrc) for each in track.encodings)
        self.tracks.append(track)
        self._cids[section.cid] = track
        for encoding in track.encodings:
            self._by_ssrc[encoding.ssrc] = (track, encoding)

    def _on_answer(self, description: rtc.SessionDescription) -> None:
        if description.id not in (0, self._offer_id):
            return
        self._answered_id = self._offer_id
        answer = self._answer = sdp.parse_answer(description.sdp)
        if not self.answered_us:
            self.answered_us = now_us()
        self._candidates = answer.candidates + self._candidates
        self._listen(answer, dict(description.mid_to_track_id))
        if self._is_offer_due:
            self._negotiate()
        self._try_path()
        self._start_tracks()

    def _listen(self, answer: sdp.Answer, track_by_mid: dict[str, str]) -> None:
        sending = [section for section in answer.sections if section.direction in ("sendonly", "sendrecv")]
        self.receiver.keep({ssrc for section in sending for ssrc in section.ssrcs})
        for section in sending:
            rtx = dict(section.rtx_pairs)
            is_video = section.kind == "video"
            for ssrc in section.ssrcs:
                if ssrc in rtx.values():
                    continue
                self.receiver.add(InStream(ssrc, mid=section.mid, is_video=is_video))
                self.receiver.streams[ssrc].track_sid = track_by_mid.get(section.mid, "")
                if ssrc in rtx:
                    again = InStream(rtx[ssrc], mid=section.mid, is_video=is_video, rtx_of=self.receiver.streams[ssrc])
                    again.is_key_wanted = False
                    self.receiver.add(again)
            sid = track_by_mid.get(section.mid, "")
            if self.options.tile is not None and is_video and sid and sid not in self._told:
                self._told.add(sid)
                width, height = self.options.tile
                is_off = self.options.tiles is not None and len(self._told) > self.options.tiles
                self.signalling.send(
                    track_setting=rtc.UpdateTrackSettings(track_sids=[sid], width=width, height=height, disabled=is_off)
                )

    def _try_path(self) -> None:
        answer = self._answer
        if answer is None or self.path.sock is not None:
            return
        for transport, host, port in self._candidates:
            if transport == "udp":
                self.path.start(
                    (answer.ufrag, answer.pwd), answer.fingerprint, answer.setup, (host, port),
                    gro=self.options.gro, stamps=self.options.stamps,
                )  # fmt: skip
                return

    # -- media

    def _on_connected(self) -> None:
        self.path.on_readable = self._media_readable
        self.receiver.start()
        self.connected.set()
        self._loop.call_soon(self._media_readable)
        self._start_tracks()

    def _on_published(self, message: rtc.TrackPublishedResponse) -> None:
        track = self._cids.get(message.cid)
        if track is not None:
            self._track_by_sid[message.track.sid] = track
            self._start_tracks()

    def _start_tracks(self) -> None:
        """Media flows when the way is open, the track is accepted and its section answered."""
        if not self.path.is_connected or self._answered_id < self._offer_id or self.path.dtls.srtp is None:
            return
        send = protected_sender(self.path.dtls.srtp, self.path.send)
        for track in self._track_by_sid.values():
            if id(track) not in self._live and self._paused_at is None and type(track) in self._resumed:
                self._live.add(id(track))
                self._tick(track, send, self._loop.time())
                if ("reports", id(track)) not in self._timers:
                    self._send_reports(track)
        if self.tracks and len(self._live) == len(self.tracks):
            self.published.set()

    def _tick(self, track: OutTrack, send: Callable[[bytes], None], due: float) -> None:
        late = self._loop.time() - due
        if late > track.interval_s:
            track.late_frames += 1
            due = self._loop.time()
        track.tick(send)
        due += track.interval_s
        self._timers[id(track)] = self._loop.call_at(due, self._tick, track, send, due)

    def _send_reports(self, track: OutTrack) -> None:
        srtp = self.path.dtls.srtp
        if srtp is not None:
            for encoding in track.encodings:
                if encoding.packets:
                    self.path.send(srtp.protect_rtcp(encoding.sender_report()))
        self._timers["reports", id(track)] = self._loop.call_later(1.0, self._send_reports, track)

    def _on_feedback(self, feedback: rtcp.Feedback) -> None:
        for ssrc in feedback.plis:
            found = self._by_ssrc.get(ssrc)
            if found is not None and isinstance(found[0], OutVideo):
                found[0].on_pli(ssrc)
        srtp = self.path.dtls.srtp
        for ssrc, lost in feedback.nacks:
            found = self._by_ssrc.get(ssrc)
            if found is None or srtp is None:
                continue
            for seq in lost:
                again = found[1].resend(seq)
                if again is not None:
                    self.path.send(srtp.protect(again))

    def _on_qualities(self, update: rtc.SubscribedQualityUpdate) -> None:
        track = self._track_by_sid.get(update.track_sid)
        if isinstance(track, OutVideo):
            for codec in update.subscribed_codecs:
                track.on_quality({each.quality: each.enabled for each in codec.qualities})
