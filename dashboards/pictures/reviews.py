"""``python -m dashboards.pictures.reviews``: pictures of pages of a running ``review serve``.

``shardwatch demo up --stay`` starts one. The pictures in ``docs/reviews`` are made so, after the
demo has played ``gpu-lost``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dashboards.pictures.browser import open_browser
from dashboards.pictures.palette import with_palette
from exporters.programs import locate_program

WIDTH = 1280
FIRST_SCREEN_HEIGHT = 900
TALLEST = 1800
FOLDER = Path("docs/reviews")
PAGES = {"review": "/reviews/1", "incident": "/incidents/1"}
"""Of which pictures are made, by their names: a demo's first review and first incident."""
_DRAWN = "[...document.querySelectorAll('figure[data-graph]')].every((each) => each.dataset.drawn)"


def main(
    reviews: Annotated[str, typer.Argument(help="Address of a running `review serve`.")],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the pictures.")] = FOLDER,
    page: Annotated[
        list[str] | None, typer.Option(metavar="NAME=PATH", help="Pages instead of ours.")
    ] = None,
    chromium: Annotated[Path | None, typer.Option(help="The browser.")] = None,
    width: Annotated[int, typer.Option(help="Pixels.")] = WIDTH,
    tallest: Annotated[int, typer.Option(help="Pixels of height at most.")] = TALLEST,
    dark: Annotated[bool, typer.Option(help="On dark ground.")] = False,
    paper: Annotated[bool, typer.Option(help="As printed: a PDF beside each picture.")] = False,
) -> None:
    """Write a picture of every page."""
    chosen = dict(each.split("=", 1) for each in page) if page else PAGES
    out.mkdir(parents=True, exist_ok=True)
    with open_browser(locate_program("chromium", chromium)) as browser:
        opened = browser.new_page(
            viewport={"width": width, "height": FIRST_SCREEN_HEIGHT},
            color_scheme="dark" if dark else "light",
        )
        for name, path in chosen.items():
            opened.set_viewport_size({"width": width, "height": FIRST_SCREEN_HEIGHT})
            opened.goto(f"{reviews.rstrip('/')}{path}")
            picture = with_palette(_photograph(opened, width, tallest))
            (out / f"{name}.png").write_bytes(picture)
            typer.echo(f"{out / name}.png: {len(picture) // 1000} kB")
            if paper:
                opened.pdf(path=out / f"{name}.pdf", format="A4", print_background=True)


def _photograph(page: Any, width: int, tallest: int) -> bytes:
    height = min(page.evaluate("document.documentElement.scrollHeight"), tallest)
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(500)  # graphs in sight follow the change of size, and are drawn
    page.wait_for_function(f"() => {_DRAWN} || innerHeight < document.body.scrollHeight")
    found: bytes = page.screenshot()
    return found


if __name__ == "__main__":
    typer.run(main)
