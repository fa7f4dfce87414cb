"""One bar chart for each figure, as SVG that reads well on light and dark pages."""

import os
from html import escape

from harness.verdict import median_of

WIDTH, LEFT, RIGHT, BAR, GAP, TOP = 720, 190, 110, 18, 6, 52

STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #24292f }
    .title { font-weight: 600; font-size: 15px }
    .unit, .group { fill: #57606a }
    .peer { fill: #9aa4af } .tailwart { fill: #c2571a } .floor { fill: none; stroke: #9aa4af; stroke-dasharray: 3 2 }
    .axis { stroke: #d0d7de }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .unit, .group { fill: #9198a1 }
      .peer { fill: #6e7681 } .tailwart { fill: #f0883e } .floor { stroke: #8b949e } .axis { stroke: #3d444d }
    }"""


def _number(value):
    return f"{value:,.0f}".replace(",", "\u202f") if value >= 100 else f"{value:.1f}"


def draw(figure, samples, contenders):
    """The chart as text, or None when nothing was measured."""
    groups = []
    for series, words in figure.series.items():
        bars = [(c, median_of(samples, series, c)) for c in contenders]
        bars = [(c, value) for c, value in bars if value is not None]
        if bars:
            groups.append((words, bars))
    if not groups:
        return None
    most = max(value for _, bars in groups for _, value in bars)
    y, body = TOP, []
    for words, bars in groups:
        if words:
            body.append(f'<text class="group" x="16" y="{y + 13}">{escape(words)}</text>')
            y += 22
        start = y
        largest = max(value for _, value in bars) if figure.apart else most
        scale = (WIDTH - LEFT - RIGHT) / (largest or 1)
        for contender, value in bars:
            kind = contender.kind if contender.kind in ("tailwart", "floor") else "peer"
            width = max(value * scale, 1)
            body.append(f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{escape(contender.label)}</text>')
            body.append(f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>')
            body.append(f'<text x="{LEFT + width + 8:.1f}" y="{y + 14}">{_number(value)}</text>')
            y += BAR + GAP
        body.append(f'<path class="axis" d="M{LEFT - 0.5} {start - 3}V{y - 3}"/>')
        y += 10
    better = "more is better" if figure.least else "less is better"
    head = f'<text class="title" x="16" y="24">{escape(figure.title)}</text>' \
           f'<text class="unit" x="16" y="42">{escape(figure.unit)}, {better}</text>'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 4}" width="{WIDTH}" height="{y + 4}" '
            f'role="img" aria-label="{escape(figure.title)}">\n  <style>{STYLE}\n  </style>\n  '
            + "\n  ".join([head] + body) + "\n</svg>\n")


def write(figures, samples, contenders, folder):
    os.makedirs(folder, exist_ok=True)
    for figure in figures:
        text = draw(figure, samples, contenders)
        if text:
            with open(os.path.join(folder, f"bench-{figure.key}.svg"), "w") as file:
                file.write(text)
