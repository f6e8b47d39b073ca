"""Two people in one lesson over the product's own media server: seen, heard, shared, and back after a killed socket."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.camera import wait_for_camera
from tests.e2e.conftest import Product
from tests.e2e.crowd import crowd
from tests.e2e.seat import Seat
from tests.e2e.test_pages import assert_accessible, shoot
from tests.e2e.tone import TONE_HZ
from tests.process_tree import WORKER, children

TakeSeat = Callable[..., Seat]
BIN_HZ = 48_000 / 8192  # resolution of the analyser in `Seat.listen`
PLAYING = "[...document.querySelectorAll('audio')].filter((one) => !one.paused).length"


def test_two_people_see_and_hear_each_other(take_seat: TakeSeat) -> None:
    lin = take_seat("lin")
    ortega = take_seat("ortega")
    for seat in (lin, ortega):
        seat.wait_for_people(2)
        seat.wait_for_frames()
    for seat, other in ((lin, "demo-ortega"), (ortega, "demo-lin")):
        expect(seat.tile(other).locator("video")).to_be_visible()
        heard = seat.listen()
        assert heard.tracks == 1
        assert heard.hertz == pytest.approx(TONE_HZ, abs=2 * BIN_HZ)
        assert heard.decibels > -60, "the tone is there, not only noise at its place"


def test_a_muted_microphone_is_not_heard(take_seat: TakeSeat) -> None:
    lin = take_seat("lin")
    ortega = take_seat("ortega")
    lin.wait_for_people(2)
    lin.wait_for_frames()
    assert lin.listen().decibels > -60
    ortega.act("microphone")
    expect(lin.tile("demo-ortega").get_by_text("靜音")).to_be_visible()
    lin.wait_until(lambda: lin.listen(1).decibels < -90, "silence after the other side muted itself")


@pytest.mark.timeout(600)
def test_the_picture_has_the_size_that_its_tile_asks_for(take_seat: TakeSeat) -> None:
    """Each simulcast layer in turn: big in speaker view, a tile in a smaller window, a tile on a very small one.

    A browser that lacks time publishes the high layer late.
    """
    take_seat("ortega")
    lin = take_seat("lin")
    lin.wait_for_people(2)
    lin.act("camera")  # one encoder less: Chromium publishes no high layer on a machine that is busy
    lin.act("mode")
    lin.wait_for_width(1280)
    lin.page.set_viewport_size({"width": 700, "height": 560})
    lin.act("mode")
    lin.wait_for_width(640)
    lin.page.set_viewport_size({"width": 320, "height": 480})
    lin.wait_for_width(320)


@pytest.mark.timeout(300)
def test_a_shared_screen_arrives_with_its_sound_and_goes(take_seat: TakeSeat) -> None:
    """The sharer's microphone is off, so that nothing but the shared sound can be heard."""
    lin = take_seat("lin")
    ortega = take_seat("ortega")
    lin.wait_for_people(2)
    ortega.act("microphone")
    lin.wait_until(lambda: lin.listen(1).decibels < -90, "silence before the share")
    ortega.act("screen")
    screen = lin.tile("demo-ortega", "screen")
    expect(screen.locator("video")).to_be_visible()
    lin.wait_until(
        lambda: len([s for s in lin.inbound("video") if s.get("framesDecoded", 0) > 5]) == 2, "two pictures decoded"
    )
    expect(lin.page.locator("tc-people")).to_contain_text("正在分享螢幕")
    lin.wait_until(lambda: lin.listen().decibels > -60, "the sound of the shared screen")
    assert lin.listen().hertz == pytest.approx(TONE_HZ, abs=2 * BIN_HZ)
    assert lin.page.evaluate(PLAYING) == 2, "the page plays the microphone's element and the share's"
    ortega.act("screen")
    expect(screen).to_have_count(0)
    lin.wait_until(lambda: lin.listen(1).decibels < -90, "the sound goes with the picture")
    assert lin.page.evaluate(PLAYING) == 1


def test_a_killed_socket_is_restored_without_a_frozen_picture(take_seat: TakeSeat) -> None:
    ortega = take_seat("ortega")
    lin = take_seat("lin")
    lin.wait_for_people(2)
    lin.wait_for_frames()
    sockets = lin.page.evaluate("window.sockets.length")
    at_kill = lin.frames()
    lin.page.evaluate("window.sockets.at(-1).close()")
    expect(lin.page.locator("tc-banner")).to_contain_text("正在恢復")
    expect(lin.page.locator("tc-banner")).to_contain_text("你已回到課堂")
    # Resuming takes the client two seconds and more: a picture that was frozen meanwhile has no new frames now.
    assert lin.frames() > at_kill + 10
    assert lin.page.evaluate("window.sockets.length") > sockets
    assert lin.page.evaluate("window.sockets.at(-1).readyState") == 1
    lin.wait_for_frames(60)
    ortega.wait_for_people(2)
    ortega.wait_for_frames()


def test_the_language_changes_without_leaving_the_call(take_seat: TakeSeat) -> None:
    ortega = take_seat("ortega")
    lin = take_seat("lin")
    lin.wait_for_people(2)
    lin.wait_for_frames()
    sockets = lin.page.evaluate("window.sockets.length")
    expect(lin.page.locator(".dock-leave .word")).to_have_text("離開")
    lin.page.get_by_role("button", name="English").click()
    expect(lin.page.locator(".dock-leave .word")).to_have_text("Leave")
    assert lin.page.evaluate("document.documentElement.lang") == "en"
    lin.wait_for_frames()
    assert lin.page.evaluate("window.sockets.length") == sockets
    ortega.wait_for_people(2)


def test_leaving_turns_everything_off(take_seat: TakeSeat) -> None:
    lin = take_seat("lin")
    ortega = take_seat("ortega")
    ortega.wait_for_people(2)
    lin.act("leave")
    expect(lin.page.get_by_role("heading", name="你已離開課堂。")).to_be_visible()
    ortega.wait_for_people(1)
    expect(ortega.page.get_by_text("Waiting for Ms. Lin in Taipei")).to_be_visible()


def test_a_second_window_on_one_seat_takes_it_over(take_seat: TakeSeat) -> None:
    first = take_seat("lin")
    second = take_seat("lin")
    expect(first.page.get_by_role("alert")).to_contain_text("這個座位已在另一個視窗開啟")
    second.act("leave")
    first.page.get_by_role("button", name="重新加入").click()
    expect(first.page.locator(".dock-button[data-action=microphone]")).to_be_enabled()


def test_a_person_without_any_device_can_join(open_page: Callable[..., Page], take_seat: TakeSeat) -> None:
    page = open_page("about:blank")
    page.context.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('none', 'NotFoundError'))"
    )
    page.goto("/demo/lesson?seat=ortega")
    expect(page.get_by_text("No camera was found.")).to_be_visible()
    expect(page.get_by_text("No microphone was found.")).to_be_visible()
    page.locator(".join").click()
    lin = take_seat("lin")
    lin.wait_for_people(2)
    listener = Seat(page)
    listener.wait_for_frames()
    assert listener.listen().decibels > -60


def test_a_microphone_that_is_allowed_late_follows_into_the_lesson(open_page: Callable[..., Page]) -> None:
    """The browser may still be asking when a hurried viewer goes in."""
    page = open_page("about:blank")
    page.context.add_init_script(
        """
        const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        const allowed = new Promise((allow) => { window.allow = allow; });
        navigator.mediaDevices.getUserMedia = async (wish) => { if (wish.audio) await allowed; return open(wish); };
        """
    )
    page.goto("/demo/lesson?seat=ortega")
    wait_for_camera(page)
    page.locator(".join").click()
    expect(page.locator(".dock [data-action=camera]")).to_have_attribute("data-on", "")
    expect(page.locator(".dock [data-action=microphone]")).to_contain_text("Mic off")
    page.evaluate("window.allow()")
    expect(page.locator(".dock [data-action=microphone]")).to_contain_text("Mic on")


@pytest.mark.timeout(300)
def test_less_data_asks_for_small_pictures(take_seat: TakeSeat) -> None:
    take_seat("ortega")
    lin = take_seat("lin", language="en")
    lin.wait_for_people(2)
    lin.act("camera")  # one encoder less: Chromium publishes no high layer on a machine that is busy
    lin.act("mode")
    lin.wait_until(
        lambda: any(entry.get("frameWidth", 0) >= 640 for entry in lin.inbound("video")),
        "more than the smallest picture",
    )
    lin.act("settings")
    lin.page.get_by_role("checkbox", name="Less data").check()
    lin.page.keyboard.press("Escape")
    lin.wait_for_width(320)


def test_sound_that_the_browser_holds_back_starts_with_one_click(
    open_page: Callable[..., Page], take_seat: TakeSeat
) -> None:
    """A browser that wants a gesture first refuses to play; ours are started without that rule: so it is acted here."""
    take_seat("lin")
    page = open_page("about:blank")
    page.context.add_init_script(
        """
        const play = HTMLMediaElement.prototype.play;
        window.isHeldBack = true;
        HTMLMediaElement.prototype.play = function () {
          const isRefused = window.isHeldBack && this instanceof HTMLAudioElement;
          return isRefused ? Promise.reject(new DOMException('', 'NotAllowedError')) : play.call(this);
        };
        """
    )
    page.goto("/demo/lesson?seat=ortega&lang=en")
    ortega = Seat(page)
    ortega.join()
    banner = page.locator("tc-banner", has_text="The browser holds the sound back until you click.")
    expect(banner).to_be_visible()
    page.evaluate("window.isHeldBack = false")
    banner.get_by_role("button", name="Turn the sound on").click()
    expect(banner).to_have_count(0)
    assert page.locator("body > div audio").evaluate("(one) => !one.paused")


def test_thirty_people_have_thirty_tiles(open_page: Callable[..., Page], base_url: str) -> None:
    """All on the stage, none over another, none cut off, at the size of a school laptop; a phone scrolls."""
    page = open_page("/demo/lesson?seat=lin&lang=en")
    seat = Seat(page)
    seat.join()
    with crowd(base_url, 29):
        tiles = page.locator(".stage-grid tc-tile")
        expect(tiles).to_have_count(30, timeout=60_000)
        stage = page.locator("tc-stage").bounding_box()
        assert stage is not None
        boxes = [box for box in (tile.bounding_box() for tile in tiles.all()) if box is not None]
        assert len(boxes) == 30
        for box in boxes:
            assert box["width"] >= 130
            assert box["x"] >= stage["x"]
            assert box["y"] >= stage["y"]
            assert box["x"] + box["width"] <= stage["x"] + stage["width"]
            assert box["y"] + box["height"] <= stage["y"] + stage["height"]
        assert len({(round(box["x"]), round(box["y"])) for box in boxes}) == 30
        shoot(page, "room-thirty", "en")
        assert_accessible(page, "thirty people")
        page.set_viewport_size({"width": 390, "height": 844})
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
        page.wait_for_function("document.querySelector('.stage-grid tc-tile').getBoundingClientRect().width >= 130")
        shoot(page, "room-thirty", "en")
    expect(page.locator(".stage-grid tc-tile")).to_have_count(1, timeout=60_000)


def test_a_killed_media_worker_is_replaced_and_both_come_back_by_themselves(
    take_seat: TakeSeat, product: Product
) -> None:
    if product.process_id is None:
        pytest.skip("the product was started by somebody else")
    seats = [take_seat("ortega"), take_seat("lin")]
    for seat in seats:
        seat.wait_for_people(2)
        seat.wait_for_frames()
    killed = children(product.process_id, WORKER)
    assert killed
    for worker in killed:
        os.kill(worker, signal.SIGKILL)
    for seat in seats:
        expect(seat.page.locator("tc-banner .banner[data-tone=sun]")).to_be_visible()
    for seat in seats:
        expect(seat.page.locator("tc-banner .banner[data-tone=sun]")).to_have_count(0, timeout=60_000)
        seat.wait_for_people(2)
        seat.wait_for_frames()
    assert not set(children(product.process_id, WORKER)) & set(killed)
