"""``python -m dashboards.pictures``: a picture of every board, from a running preview.

``shardwatch demo up --stay`` starts one. The pictures in ``docs/dashboards`` are made so, while the
demo plays ``gpu-lost``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dashboards.build import all_boards
from dashboards.pictures.browser import open_browser, wait_until_settled
from dashboards.pictures.palette import with_palette
from exporters.programs import locate_program

WIDTH = 1600
FIRST_SCREEN_HEIGHT = 1000
TALLEST = 4000
FOLDER = Path("docs/dashboards")


def main(
    preview: Annotated[str, typer.Option(help="Address of a running preview.")],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the pictures.")] = FOLDER,
    board: Annotated[list[str] | None, typer.Option(help="Uids; by default all of ours.")] = None,
    chromium: Annotated[Path | None, typer.Option(help="The browser.")] = None,
    time_from: Annotated[str, typer.Option("--from", help="Begin of the range.")] = "now-1h",
    time_to: Annotated[str, typer.Option("--to", help="Its end.")] = "now",
    choice: Annotated[str, typer.Option(help="More of the address: var-group=eu-chat-0.")] = "",
    tallest: Annotated[int, typer.Option(help="Pixels of height at most.")] = TALLEST,
    dark: Annotated[bool, typer.Option(help="On dark ground.")] = False,
) -> None:
    """Write a picture of every board."""
    uids = board or [each.uid for each in all_boards()]
    out.mkdir(parents=True, exist_ok=True)
    query = f"from={time_from}&to={time_to}&refresh=&{choice}"
    with open_browser(locate_program("chromium", chromium)) as browser:
        for uid in uids:
            page = browser.new_page(
                viewport={"width": WIDTH, "height": FIRST_SCREEN_HEIGHT},
                color_scheme="dark" if dark else "light",
            )
            page.goto(f"{preview.rstrip('/')}/d/{uid}?{query}")
            wait_until_settled(page)
            for closed in page.locator('.row-toggle[aria-expanded="false"]').all():
                closed.click()
            height = min(page.evaluate("document.documentElement.scrollHeight"), tallest)
            page.set_viewport_size({"width": WIDTH, "height": height})
            wait_until_settled(page)
            page.wait_for_timeout(300)  # what follows a change of size is drawn a frame later
            picture = with_palette(page.screenshot())
            path = out / f"{uid.removeprefix('shardwatch-')}.png"
            path.write_bytes(picture)
            typer.echo(f"{path}: {len(picture) // 1000} kB")
            page.close()


if __name__ == "__main__":
    typer.run(main)
