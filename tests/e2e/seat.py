"""One browser page in the demo lesson, asked through the page and the browser's own WebRTC statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.camera import wait_for_camera

# Keeps the page's peer connections and sockets, and what the content policy refuses: the product has no test hook.
WATCH_PEERS = """
(() => {
  window.peers = []; window.sockets = []; window.refused = [];
  const Peer = window.RTCPeerConnection, Socket = window.WebSocket;
  window.RTCPeerConnection = class extends Peer { constructor(...a) { super(...a); window.peers.push(this); } };
  window.WebSocket = class extends Socket { constructor(...a) { super(...a); window.sockets.push(this); } };
  const refuse = (e) => window.refused.push(`${e.violatedDirective} ${e.blockedURI}`);
  document.addEventListener('securitypolicyviolation', refuse);
})()
"""

INBOUND = """
async () => {
  const found = [];
  for (const peer of window.peers) {
    if (peer.connectionState === 'closed') continue;
    (await peer.getStats()).forEach((s) => { if (s.type === 'inbound-rtp') found.push(s); });
  }
  return found;
}
"""

# Loudest moment at each frequency of the first sounding remote track over some time; a beep and its pause are enough.
LISTEN = """
async (seconds) => {
  const tracks = window.peers.filter((p) => p.connectionState !== 'closed').flatMap((p) => p.getReceivers())
    .map((r) => r.track).filter((t) => t.kind === 'audio' && t.readyState === 'live' && !t.muted);
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  analyser.smoothingTimeConstant = 0;
  for (const track of tracks) context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount), top = new Array(bins.length).fill(-200);
  let end = performance.now() + seconds * 1000, isLoud = false;
  while (performance.now() < end) {
    analyser.getFloatFrequencyData(bins);
    bins.forEach((db, i) => { if (db > top[i]) top[i] = db; });
    if (!isLoud && Math.max(...top) > -60) {
      isLoud = true;
      end = Math.min(end, performance.now() + 600);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  const best = top.indexOf(Math.max(...top));
  await context.close();
  return { tracks: tracks.length, hertz: best * context.sampleRate / analyser.fftSize, decibels: top[best] };
}
"""


@dataclass(frozen=True)
class Heard:
    tracks: int
    hertz: float
    decibels: float


class Seat:
    def __init__(self, page: Page) -> None:
        self.page = page

    def join(self) -> None:
        wait_for_camera(self.page)
        self.page.locator(".preview-controls [data-action=microphone][data-on]").wait_for()
        self.page.locator("tc-prejoin .join").click()
        self.page.locator("tc-stage").wait_for()
        expect(self.page.locator('.dock-button[data-action="microphone"]')).to_have_attribute("data-on", "")

    def act(self, action: str) -> None:
        self.page.locator(f'.dock [data-action="{action}"]').click()

    def wait_for_people(self, count: int) -> None:
        expect(self.page.locator("tc-people .person")).to_have_count(count)

    def tile(self, identity: str, kind: str = "camera") -> Any:
        return self.page.locator(f'tc-tile[data-identity="{identity}"][data-kind="{kind}"]')

    def inbound(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.page.evaluate(INBOUND) if entry["kind"] == kind]

    def frames(self) -> int:
        return sum(entry.get("framesDecoded", 0) for entry in self.inbound("video"))

    def wait_until(self, condition: Callable[[], bool], what: str, *, within_s: float = 40.0) -> None:
        """Polls in the page's own time; the limit is a hang guard."""
        for _ in range(int(within_s * 5)):
            if condition():
                return
            self.page.wait_for_timeout(200)
        raise AssertionError(f"not within {within_s} s: {what}")

    def wait_for_frames(self, more: int = 30, *, within_s: float = 40.0) -> None:
        before = self.frames()
        self.wait_until(
            lambda: self.frames() >= before + more, f"{more} more decoded frames than {before}", within_s=within_s
        )

    def wait_for_width(self, width: int, *, within_s: float = 150.0) -> None:
        """Some camera arrives at this width, and its frames go on."""
        self.wait_until(
            lambda: any(entry.get("frameWidth") == width for entry in self.inbound("video")),
            f"a picture {width} wide",
            within_s=within_s,
        )
        self.wait_for_frames(10, within_s=within_s)

    def listen(self, seconds: float = 3.0) -> Heard:
        return Heard(**self.page.evaluate(LISTEN, seconds))
