"""The sector map as SVG, with the sectors of the lesions filled and numbered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from ..core.palette import LESION_RGB
from ..core.sector_map import HEIGHT, WIDTH, SectorShape, captions, sector_shapes
from ..core.sectors import Sector
from .review import FoundLesion

ZONE_FILLS = {"PZ": "#f2ead8", "TZ": "#dfe8f2", "CZ": "#e6dff0", "AS": "#e4e4e4", "SV": "#eef3ea", "US": "#efe6e6"}
LINE = "#7a7a7a"


def marked_sectors(lesions: Iterable[FoundLesion]) -> Mapping[Sector, Sequence[int]]:
    """Numbers of the lesions by sector: the reader's sector, else where the model's gland puts them."""
    marked: dict[Sector, list[int]] = {}
    for found in lesions:
        for sector in found.assessment.sectors_at(found.lesion.place):
            marked.setdefault(sector, []).append(found.lesion.number)
    return marked


def sector_svg(marked: Mapping[Sector, Sequence[int]]) -> str:
    """One `<svg>` element without scripts, styles or references."""
    shapes = sector_shapes()
    parts = [_drawn(shape, marked.get(shape.sector, ())) for shape in shapes]
    parts += [_numbered(shape, marked[shape.sector]) for shape in shapes if shape.sector in marked]
    parts += [_text(x, HEIGHT - 5, name) for name, x in captions()]
    parts += [_text(x, 12, side) for x, side in ((106, "R"), (394, "L"))]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{2 * WIDTH:g}" '
        f'height="{2 * HEIGHT:g}" role="img" aria-label="PI-RADS v2.1 sector map">{"".join(parts)}</svg>'
    )


def _drawn(shape: SectorShape, numbers: Sequence[int]) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.outline)
    fill = "#{:02x}{:02x}{:02x}".format(*LESION_RGB) if numbers else ZONE_FILLS[shape.sector.name[:2]]
    title = escape(shape.sector.text + (f": lesion {', '.join(map(str, numbers))}" if numbers else ""))
    area = (
        f'<polygon points="{points}" fill="{fill}" stroke="{LINE}" stroke-width="0.7"><title>{title}</title></polygon>'
    )
    x, y = shape.centre
    return area if numbers else area + _text(x, y + 1.6, shape.sector.name, 'font-size="4.6" fill="#555555"')


def _numbered(shape: SectorShape, numbers: Sequence[int]) -> str:
    x, y = shape.centre
    return _text(x, y + 3, ",".join(map(str, numbers)), 'font-size="9" font-weight="bold" fill="#ffffff"')


def _text(x: float, y: float, text: str, style: str = 'font-size="8" fill="#333333"') -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-family="sans-serif" text-anchor="middle"'
    return f"<text {place} {style}>{escape(text)}</text>"
