"""doc/pictures/ratios.svg: how many times as fast as the rival each row of README.md's table is, on a logarithmic axis."""
import math
import xml.sax.saxutils

WIDTH, LEFT, RIGHT, TOP, ROW = 960, 470, 80, 64, 27
TICKS = ((0.5, "0.5 x"), (1, "1 x"), (10, "10 x"), (100, "100 x"), (1000, "1,000 x"))
INK, PALE, GRID, BAR, SLOWER, PAPER = "#1f2933", "#616e7c", "#e4e7eb", "#2b6cb0", "#b7791f", "#ffffff"


def draw(bars):
    """bars: (what is done, the rival, times as fast), in the order of the table. Returns the SVG's text."""
    least = min(0.45, *(ratio for _, _, ratio in bars))
    most = max(1500, *(ratio * 1.5 for _, _, ratio in bars))
    across = (WIDTH - LEFT - RIGHT) / math.log(most / least)

    def place(ratio):
        return LEFT + math.log(ratio / least) * across

    def text(x, y, said, colour, size, anchor="start", weight=400):
        said = xml.sax.saxutils.escape(said)
        return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}">{said}</text>'

    bottom = TOP + ROW * len(bars)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + 30}" viewBox="0 0 {WIDTH} {bottom + 30}" '
             'font-family="system-ui, \'Segoe UI\', \'DejaVu Sans\', Helvetica, Arial, sans-serif">',
             f'<rect width="100%" height="100%" fill="{PAPER}"/>',
             text(16, 28, "Times as fast as the program beside it", INK, 18, weight=600),
             text(16, 47, "medians of one run with both, 2 cores; logarithmic", PALE, 12)]
    for ratio, name in TICKS:
        lines.append(f'<path d="M{place(ratio):.1f} {TOP}V{bottom}" stroke="{PALE if ratio == 1 else GRID}"/>')
        lines.append(text(place(ratio), bottom + 18, name, PALE, 12, "middle"))
    for index, (work, rival, ratio) in enumerate(bars):
        y = TOP + ROW * index + 5
        start, end = sorted((place(1), place(ratio)))
        lines.append(text(LEFT - 160, y + 12, work, INK, 12, "end"))
        lines.append(text(LEFT - 152, y + 12, rival, PALE, 12))
        lines.append(f'<rect x="{start:.1f}" y="{y}" width="{end - start:.1f}" height="{ROW - 10}" fill="{BAR if ratio >= 1 else SLOWER}"/>')
        said = f"{ratio:,.0f} x" if ratio >= 10 else f"{ratio:.3g} x"
        lines.append(text(place(max(ratio, 1)) + 6, y + 12, said, INK, 12))
    return "\n".join([*lines, "</svg>"]) + "\n"
