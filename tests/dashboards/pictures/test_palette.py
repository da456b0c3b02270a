"""Pictures of few colours: they look like what they were made of."""

import struct
import zlib

import numpy as np
import pytest

from dashboards.pictures.palette import _read, with_palette


def chunk(name: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def png(pixels: np.ndarray, filters: list[int]) -> bytes:
    """Return a PNG of RGB whose lines have these filters, as the specification defines them."""
    height, width, channels = pixels.shape
    lines = []
    above = np.zeros((width, channels), int)
    for row, kind in zip(pixels.astype(int), filters, strict=True):
        left = np.vstack([np.zeros((1, channels), int), row[:-1]])
        corner = np.vstack([np.zeros((1, channels), int), above[:-1]])
        estimate = left + above - corner
        distances = np.stack([abs(estimate - each) for each in (left, above, corner)])
        paeth = np.choose(distances.argmin(axis=0), (left, above, corner))
        guess = (0 * row, left, above, (left + above) // 2, paeth)[kind]
        lines.append(bytes([kind]) + ((row - guess) % 256).astype(np.uint8).tobytes())
        above = row
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(b"".join(lines))) + chunk(b"IEND", b""))  # fmt: skip


def indices(picture: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return the palette of a PNG that has one, and the place of each pixel in it."""
    width, height = struct.unpack_from(">II", picture, 16)
    parts, at = {}, 8
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        parts[picture[at + 4 : at + 8]] = picture[at + 8 : at + 8 + length]
        at += length + 12
    lines = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, width + 1)
    return np.frombuffer(parts[b"PLTE"], np.uint8).reshape(-1, 3), lines[:, 1:]


def test_few_colours_stay_as_they_are_whatever_the_lines_filters():
    """Every filter of PNG is undone."""
    pixels = np.random.default_rng(1).integers(0, 4, (5, 6, 3)).astype(np.uint8) * 80
    palette, places = indices(with_palette(png(pixels, [0, 1, 2, 3, 4])))
    assert (pixels == palette[places]).all()


def test_many_colours_become_near_ones():
    """At most 96, and few far from what they were."""
    pixels = np.random.default_rng(2).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    pixels[:20] = (10, 20, 30)
    palette, places = indices(with_palette(png(pixels, [1] * 40)))
    assert len(palette) <= 96
    assert (palette[places][:20] == (10, 20, 30)).all()
    far = np.abs(palette[places].astype(int) - pixels).max(axis=2)
    assert np.median(far) < 60


@pytest.mark.parametrize("picture", [b"", b"GIF89a"])
def test_what_is_no_png_is_refused(picture: bytes):
    """Rather than read as one."""
    with pytest.raises(ValueError, match="no PNG"):
        _read(picture)
