"""Signalling messages one by one: the join response, pings, refusals, and input that no client should send."""

from __future__ import annotations

import time

import pytest
from livekit import api, rtc
from livekit.protocol import models
from livekit.protocol import rtc as proto

from tests.conformance.meeting import Meeting
from tests.conformance.raw_client import RawClient, join_request, wrap_join
from tests.conformance.test_room_service import track_of

VERSIONS = pytest.mark.parametrize("version", [0, 1])
Reason = proto.RequestResponse.Reason


@VERSIONS
async def test_join_response_has_what_clients_rely_on(plain_meeting: Meeting, version: int) -> None:
    ortega = await plain_meeting.join("ortega", name="Mr. Ortega")
    await ortega.show()
    await track_of(plain_meeting, "ortega")
    token = plain_meeting.token("lin", name="Ms. Lin", metadata="m", attributes={"a": "1"})
    async with RawClient(plain_meeting.target, token, version=version) as client:
        joined = await client.joined()
    assert joined.room.sid.startswith("RM_")
    assert joined.room.name == plain_meeting.room
    assert abs(joined.room.creation_time - time.time()) < 60
    me = joined.participant
    assert me.sid.startswith("PA_")
    assert (me.identity, me.name, me.metadata, dict(me.attributes)) == ("lin", "Ms. Lin", "m", {"a": "1"})
    # JS refuses to publish without them.
    assert me.HasField("permission")
    assert me.permission.can_publish
    assert me.permission.can_subscribe
    assert me.permission.can_publish_data
    assert abs(me.joined_at - time.time()) < 60
    assert 0 < joined.ping_interval < joined.ping_timeout
    # JS throws without a version.
    assert joined.server_info.version
    assert joined.server_info.protocol >= 9
    mimes = [codec.mime.lower() for codec in joined.enabled_publish_codecs]
    assert "video/vp8" in mimes
    # JS falls back to the first video codec that it finds here.
    assert next(mime for mime in mimes if mime.startswith("video/")) == "video/vp8"
    (other,) = joined.other_participants
    assert (other.identity, other.name) == ("ortega", "Mr. Ortega")
    assert [track.type for track in other.tracks] == [models.TrackType.VIDEO]
    assert joined.subscriber_primary == (version == 0)


async def test_server_offers_the_subscriber_connection_to_older_clients(plain_meeting: Meeting) -> None:
    async with RawClient(plain_meeting.target, plain_meeting.token("lin"), version=0) as client:
        await client.joined()
        offer = (await client.expect("offer")).offer
        assert offer.type == "offer"
        assert "m=application" in offer.sdp
        assert "a=setup:actpass" in offer.sdp


@VERSIONS
async def test_both_pings(plain_meeting: Meeting, version: int) -> None:
    async with RawClient(plain_meeting.target, plain_meeting.token("lin"), version=version) as client:
        await client.joined()
        now_ms = int(time.time() * 1000)
        await client.send(ping=now_ms)
        pong = await client.expect("pong")
        assert abs(pong.pong - now_ms) < 60_000
        await client.send(ping_req=proto.Ping(timestamp=now_ms, rtt=20))
        answer = await client.expect("pong_resp")
        assert answer.pong_resp.last_ping_timestamp == now_ms
        assert abs(answer.pong_resp.timestamp - now_ms) < 60_000


async def test_track_is_echoed_with_all_its_fields(plain_meeting: Meeting) -> None:
    async with RawClient(plain_meeting.target, plain_meeting.token("lin")) as client:
        await client.joined()
        layers = [
            models.VideoLayer(quality=models.VideoQuality.LOW, width=320, height=180, bitrate=150_000),
            models.VideoLayer(quality=models.VideoQuality.HIGH, width=640, height=360, bitrate=500_000),
        ]
        request = proto.AddTrackRequest(
            cid="cid-1",
            name="my camera",
            type=models.TrackType.VIDEO,
            source=models.TrackSource.CAMERA,
            width=640,
            height=360,
            layers=layers,
            stream="stage",
            simulcast_codecs=[proto.SimulcastCodec(codec="vp8", cid="cid-1", layers=layers)],
        )
        await client.send(add_track=request)
        published = (await client.expect("track_published")).track_published
        assert published.cid == "cid-1"
        track = published.track
        assert track.sid.startswith("TR_")
        assert (track.name, track.type, track.source) == (
            "my camera",
            models.TrackType.VIDEO,
            models.TrackSource.CAMERA,
        )
        assert (track.width, track.height, track.stream, track.muted) == (640, 360, "stage", False)
        await client.send(
            add_track=proto.AddTrackRequest(
                cid="cid-2",
                name="mic",
                type=models.TrackType.AUDIO,
                source=models.TrackSource.MICROPHONE,
                muted=True,
                disable_dtx=True,
                disable_red=True,
                stereo=True,
            )
        )
        track = (await client.expect("track_published")).track_published.track
        assert (track.type, track.muted) == (models.TrackType.AUDIO, True)
        assert (track.disable_dtx, track.disable_red, track.stereo) == (True, True, True)


@pytest.mark.only_ours("VP9 and AV1 come with SVC; until then they are refused with a reason (issue 3 §2)")
@pytest.mark.parametrize("codec", ["vp9", "av1"])
async def test_codec_of_later_is_refused_with_a_reason(plain_meeting: Meeting, codec: str) -> None:
    async with RawClient(plain_meeting.target, plain_meeting.token("lin")) as client:
        await client.joined()
        request = proto.AddTrackRequest(
            cid="cid-1",
            type=models.TrackType.VIDEO,
            source=models.TrackSource.CAMERA,
            simulcast_codecs=[proto.SimulcastCodec(codec=codec, cid="cid-1")],
        )
        await client.send(add_track=request)
        refused = (await client.expect("request_response")).request_response
        assert refused.reason != Reason.OK
        assert refused.message
        assert refused.add_track.cid == "cid-1"


async def test_publishing_without_the_right_is_refused(plain_meeting: Meeting) -> None:
    token = plain_meeting.token("lin", grants=plain_meeting.full_grants(can_publish=False))
    async with RawClient(plain_meeting.target, token) as client:
        await client.joined()
        request = proto.AddTrackRequest(cid="c", type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA)
        await client.send(add_track=request)
        await client.send(ping_req=proto.Ping(timestamp=1))
        await client.expect("pong_resp")
        kinds = [response.WhichOneof("message") for response in client.responses]
        assert "track_published" not in kinds


async def test_update_of_own_fields_is_answered(plain_meeting: Meeting) -> None:
    async with RawClient(plain_meeting.target, plain_meeting.token("lin")) as client:
        await client.joined()
        change = proto.UpdateParticipantMetadata(name="new", metadata="m", attributes={"a": "1"}, request_id=7)
        await client.send(update_metadata=change)
        while True:
            (who,) = (await client.expect("update")).update.participants
            if (who.name, who.metadata, dict(who.attributes)) == ("new", "m", {"a": "1"}):
                break
        too_long = proto.UpdateParticipantMetadata(name="n" * 5_000, metadata="m", request_id=8)
        await client.send(update_metadata=too_long)
        refused = (await client.expect("request_response")).request_response
        while refused.request_id != 8:
            refused = (await client.expect("request_response")).request_response
        assert refused.reason == Reason.LIMIT_EXCEEDED


async def test_update_without_the_right_is_refused(plain_meeting: Meeting) -> None:
    token = plain_meeting.token("lin", grants=plain_meeting.full_grants(can_update_own_metadata=False))
    async with RawClient(plain_meeting.target, token) as client:
        await client.joined()
        await client.send(update_metadata=proto.UpdateParticipantMetadata(metadata="m", request_id=3))
        refused = (await client.expect("request_response")).request_response
        assert (refused.request_id, refused.reason) == (3, Reason.NOT_ALLOWED)


@VERSIONS
async def test_resume_of_an_unknown_participant_restarts_in_full(plain_meeting: Meeting, version: int) -> None:
    reconnect = {"join_request": wrap_join(join_request(reconnect=True, participant_sid="PA_unknown"))}
    if version == 0:
        reconnect = {"reconnect": "1", "sid": "PA_unknown"}
    async with RawClient(plain_meeting.target, plain_meeting.token("lin"), version=version, query=reconnect) as client:
        first = await client.next(5)
        assert first is not None
        assert first.WhichOneof("message") == "leave"
        assert first.leave.action == proto.LeaveRequest.RECONNECT
        assert first.leave.reason == models.DisconnectReason.STATE_MISMATCH


async def test_fresh_token_comes_and_admits(plain_meeting: Meeting) -> None:
    token = plain_meeting.token("lin", name="Ms. Lin", attributes={"a": "1"})
    async with RawClient(plain_meeting.target, token) as client:
        await client.joined()
        fresh = (await client.expect("refresh_token")).refresh_token
    claims = api.TokenVerifier(plain_meeting.target.key, plain_meeting.target.secret).verify(fresh)
    assert (claims.identity, claims.name, claims.attributes) == ("lin", "Ms. Lin", {"a": "1"})
    async with RawClient(plain_meeting.target, fresh) as client:
        assert (await client.joined()).participant.name == "Ms. Lin"


@VERSIONS
async def test_leave_ends_the_session(plain_meeting: Meeting, version: int) -> None:
    ortega = await plain_meeting.join("ortega")
    async with RawClient(plain_meeting.target, plain_meeting.token("lin"), version=version) as client:
        await client.joined()
        await ortega.sees("lin")
        await client.send(leave=proto.LeaveRequest(reason=models.DisconnectReason.CLIENT_INITIATED))
        assert await client.is_closed_by_server()
    gone = await ortega.event("participant_disconnected", lambda who: who.identity == "lin")
    assert gone.args[0].disconnect_reason == rtc.DisconnectReason.CLIENT_INITIATED


BAD_MESSAGES = {
    "not protobuf": b"\xff\xff\xff\xff",
    "empty": b"",
    "unknown field": b"\xfa\x3e\x02hi",
    "offer without sdp": proto.SignalRequest(offer=proto.SessionDescription(type="offer")).SerializeToString(),
    "offer of noise": proto.SignalRequest(
        offer=proto.SessionDescription(type="offer", sdp="v=0\r\nm=\x00\xff\r\n" * 50)
    ).SerializeToString(),
    "answer to nothing": proto.SignalRequest(
        answer=proto.SessionDescription(type="answer", sdp="v=0\r\n")
    ).SerializeToString(),
    "trickle of noise": proto.SignalRequest(
        trickle=proto.TrickleRequest(candidateInit="{not json")
    ).SerializeToString(),
    "trickle of a list": proto.SignalRequest(trickle=proto.TrickleRequest(candidateInit="[1]")).SerializeToString(),
    "mute of nothing": proto.SignalRequest(mute=proto.MuteTrackRequest(sid="TR_x", muted=True)).SerializeToString(),
    "subscription to nothing": proto.SignalRequest(
        subscription=proto.UpdateSubscription(track_sids=["TR_x"] * 100, subscribe=True)
    ).SerializeToString(),
    "settings of nothing": proto.SignalRequest(
        track_setting=proto.UpdateTrackSettings(track_sids=["TR_x"], width=2**31, height=2**31)
    ).SerializeToString(),
    "track of no kind": proto.SignalRequest(add_track=proto.AddTrackRequest()).SerializeToString(),
    "sync of nothing": proto.SignalRequest(sync_state=proto.SyncState()).SerializeToString(),
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
@VERSIONS
async def test_bad_message_harms_nobody_else(plain_meeting: Meeting, name: str, version: int) -> None:
    async with (
        RawClient(plain_meeting.target, plain_meeting.token("good")) as good,
        RawClient(plain_meeting.target, plain_meeting.token("bad"), version=version) as bad,
    ):
        await good.joined()
        await bad.joined()
        await bad.socket.send_bytes(BAD_MESSAGES[name])
        await bad.send(ping_req=proto.Ping(timestamp=5))
        # The sender may be thrown out or answered; either way the server has read it.
        while (response := await bad.next()) is not None:
            if response.WhichOneof("message") in ("pong_resp", "leave"):
                break
        await good.send(ping_req=proto.Ping(timestamp=6))
        assert (await good.expect("pong_resp")).pong_resp.last_ping_timestamp == 6
    async with RawClient(plain_meeting.target, plain_meeting.token("again")) as again:
        await again.joined()
