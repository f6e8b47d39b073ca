"""Makes docs/images/lesson.png: the real room between two Chromiums whose cameras show drawn teachers.

Run `python -m tests.e2e.readme_picture http://127.0.0.1:8080` while `./tongchuang serve` runs there.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.e2e.conftest import FLAGS, ROOT
from tests.e2e.seat import WATCH_PEERS, Seat
from tests.e2e.tone import write_beeps

WIDTH, HEIGHT = 1280, 720
SMOOTH = 2  # drawn larger, then reduced: Pillow's ellipses have no soft edges
PICTURE = ROOT / "docs" / "images" / "lesson.png"
COLOURS = 128  # the README's picture stays under 200 kB


def scaled(*numbers: float) -> tuple[int, ...]:
    return tuple(round(number * SMOOTH) for number in numbers)


def draw_teacher(*, wall: str, board: str, hair: str, skin: str, coat: str, has_long_hair: bool) -> Image.Image:
    picture = Image.new("RGB", (WIDTH * SMOOTH, HEIGHT * SMOOTH), wall)
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle(scaled(120, 70, 1160, 470), scaled(18)[0], fill=board, outline="#fffdf9", width=scaled(12)[0])
    pen.rectangle(scaled(0, 600, WIDTH, HEIGHT), fill="#d9cfbd")
    x, y = 640, 330
    if has_long_hair:
        pen.rounded_rectangle(scaled(x - 160, y - 150, x + 160, y + 215), scaled(140)[0], fill=hair)
    pen.rounded_rectangle(scaled(x - 290, y + 200, x + 290, y + 640), scaled(150)[0], fill=coat)
    pen.rounded_rectangle(scaled(x - 52, y + 110, x + 52, y + 250), scaled(44)[0], fill=skin)
    pen.polygon(scaled(x - 80, y + 202, x + 80, y + 202, x, y + 320), fill="#fffdf9")
    pen.ellipse(scaled(x - 128, y - 140, x + 128, y + 166), fill=skin)
    pen.pieslice(scaled(x - 142, y - 172, x + 142, y + 92), 180, 360, fill=hair)
    if not has_long_hair:
        pen.rectangle(scaled(x - 142, y - 42, x - 122, y + 22), fill=hair)
        pen.rectangle(scaled(x + 122, y - 42, x + 142, y + 22), fill=hair)
    for side in (-1, 1):
        pen.ellipse(scaled(x + side * 52 - 11, y - 2, x + side * 52 + 11, y + 24), fill="#14213d")
        if not has_long_hair:
            box = scaled(x + side * 52 - 40, y - 26, x + side * 52 + 40, y + 44)
            pen.rounded_rectangle(box, scaled(28)[0], outline="#14213d", width=scaled(6)[0])
    pen.arc(scaled(x - 54, y + 20, x + 54, y + 110), 25, 155, fill="#14213d", width=scaled(7)[0])
    return picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def write_camera(path: Path, picture: Image.Image) -> None:
    """A Motion JPEG of equal frames; Chromium plays it as its camera, round and round."""
    with path.open("wb") as file:
        for _ in range(10):
            picture.save(file, "JPEG", quality=92)


def launch(playwright: Playwright, folder: Path, name: str, picture: Image.Image, *, is_speaking: bool) -> Browser:
    write_camera(folder / f"{name}.mjpeg", picture)
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={folder / name}.mjpeg"]
    if is_speaking:
        write_beeps(folder / "voice.wav")
        flags.append(f"--use-file-for-fake-audio-capture={folder / 'voice.wav'}")
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)


def main() -> None:
    url = sys.argv[1]
    cameras = Path(tempfile.mkdtemp())
    lin = draw_teacher(
        wall="#f4ddcd", board="#2f5d50", hair="#2b2320", skin="#f1c9a5", coat="#b8431f", has_long_hair=True
    )
    ortega = draw_teacher(
        wall="#d3e6e1", board="#3c4f6b", hair="#4a2f22", skin="#c68e63", coat="#0b5d5e", has_long_hair=False
    )
    with sync_playwright() as playwright:
        browsers = [
            launch(playwright, cameras, "lin", lin, is_speaking=False),
            launch(playwright, cameras, "ortega", ortega, is_speaking=True),
        ]
        seats = []
        for browser, seat in zip(browsers, ("lin", "ortega"), strict=True):
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.add_init_script(WATCH_PEERS)
            page.goto(f"{url}/demo/lesson?seat={seat}")
            seats.append(Seat(page))
            seats[-1].join()
        viewer = seats[0]
        viewer.wait_for_people(2)
        viewer.wait_for_width(640)
        expect(viewer.page.locator("tc-people")).not_to_contain_text("正在測量")
        viewer.page.locator("tc-tile[data-identity=demo-ortega][speaking]").wait_for()
        viewer.page.screenshot(path=PICTURE)
        for browser in browsers:
            browser.close()
    Image.open(PICTURE).convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
