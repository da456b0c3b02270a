"""Pictures of pages made small: at most 96 colours. Pure.

A page has few colours and many shades between them, at the edges of letters. Those that occur most
stay; each other becomes the nearest of them, which nobody sees.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}
"""Of PNG's colour types with 8 bits a channel: RGB, and RGB with opacity."""
_COLORS = 96
"""Fewer than PNG allows: fewer bits a pixel once packed."""
_COARSE_BITS = 4

Bytes = NDArray[np.uint8]


def with_palette(picture: bytes) -> bytes:
    """Return a PNG of few colours that looks like one of RGB.

    Raises:
        ValueError: it is no PNG of RGB or RGBA with 8 bits a channel, not interlaced.
    """
    pixels = _read(picture)
    height, width, _ = pixels.shape
    flat = pixels.reshape(-1, 3).astype(np.int64)
    colors, places, counts = np.unique(
        (flat[:, 0] << 16) | (flat[:, 1] << 8) | flat[:, 2], return_inverse=True, return_counts=True
    )
    known = np.stack([colors >> 16, (colors >> 8) & 255, colors & 255], axis=1)
    palette = _palette(known, counts)
    nearest = np.array(
        [int(np.argmin(((palette - each) ** 2).sum(axis=1))) for each in known], np.uint8
    )
    return _write(palette.astype(np.uint8), nearest[places].reshape(height, width))


def _palette(colors: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the colours that stay: the most used ones, and one of every part of the space."""
    order = np.argsort(-counts, kind="stable")
    if len(order) <= _COLORS:
        return colors
    chosen = list(order[: _COLORS // 2])
    coarse = colors >> (8 - _COARSE_BITS)
    # Then what is colourful, though it is small: the marks of a legend, not the edges of letters.
    vividness = colors.max(axis=1) - colors.min(axis=1)
    order = np.argsort(-counts * (1 + vividness / 8), kind="stable")
    seen = {tuple(coarse[each]) for each in chosen}
    for each in order:
        part = tuple(coarse[each])
        if part not in seen and len(chosen) < _COLORS:
            seen.add(part)
            chosen.append(each)
    return colors[chosen]


def _read(picture: bytes) -> Bytes:
    """Return the pixels of a PNG, shape [height, width, 3]."""
    if not picture.startswith(_SIGNATURE):
        raise ValueError("found no PNG")
    width = height = channels = 0
    packed = b""
    at = len(_SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        name, content = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        if name == b"IHDR":
            width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", content)
            if depth != 8 or kind not in _CHANNELS or interlaced:
                raise ValueError(f"found depth {depth}, colour type {kind}, expected 8 bits of RGB")
            channels = _CHANNELS[kind]
        elif name == b"IDAT":
            packed += content
        at += length + 12
    return _unfiltered(zlib.decompress(packed), width, height, channels)[:, :, :3]


def _unfiltered(raw: bytes, width: int, height: int, channels: int) -> Bytes:
    """Undo PNG's filters (https://www.w3.org/TR/png-3/#9Filters)."""
    lines = np.frombuffer(raw, np.uint8).reshape(height, 1 + width * channels)
    above = np.zeros((width, channels), np.uint8)
    pixels = np.empty((height, width, channels), np.uint8)
    for row, line in enumerate(lines):
        kind, found = line[0], line[1:].reshape(width, channels)
        if kind == 0:
            now = found
        elif kind == 1:
            now = np.cumsum(found, axis=0, dtype=np.uint64).astype(np.uint8)
        elif kind == 2:
            now = found + above
        else:
            now = _by_neighbours(int(kind), found, above)
        pixels[row] = above = now
    return pixels


def _by_neighbours(kind: int, found: Bytes, above: Bytes) -> Bytes:
    """Undo the filters whose values depend on the pixel before: average and Paeth."""
    up, values = above.tolist(), found.tolist()
    now: list[list[int]] = []
    for x, pixel in enumerate(values):
        left = now[x - 1] if x else [0] * len(pixel)
        corner = up[x - 1] if x else [0] * len(pixel)
        if kind == 3:
            guess = [(one + other) // 2 for one, other in zip(left, up[x], strict=True)]
        else:
            guess = [_paeth(*each) for each in zip(left, up[x], corner, strict=True)]
        now.append([(one + other) & 255 for one, other in zip(pixel, guess, strict=True)])
    return np.array(now, np.uint8)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    distances = abs(guess - left), abs(guess - up), abs(guess - corner)
    return (left, up, corner)[distances.index(min(distances))]


def _write(palette: Bytes, places: Bytes) -> bytes:
    height, width = places.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    lines = np.concatenate([np.zeros((height, 1), np.uint8), places], axis=1)
    parts = (
        (b"IHDR", header),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(content)) + name + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in parts
    )  # fmt: skip
