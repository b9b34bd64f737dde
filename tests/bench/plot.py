"""A plot as SVG, for pages that show pictures but run nothing."""
from html import escape

COLOURS = ("#2f6fb3", "#e0a53a", "#6a9f58")
WIDTH, LEFT, RIGHT = 850, 220, 60
BAR, GAP, TOP = 13, 12, 62


def text(x, y, words, anchor="start", size=12, colour="#444"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}" '
            f'fill="{colour}">{escape(words)}</text>')


def bar(x, y, length, colour):
    return f'<rect x="{x}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{colour}"/>'


def legend(names):
    for i, name in enumerate(names):
        yield bar(LEFT + 110 * i, 36, BAR - 2, COLOURS[i])
        yield text(LEFT + 110 * i + BAR + 4, 46, name)


def group(top, label, values, scale):
    yield text(LEFT - 10, top + BAR * len(values) / 2 + 4, label, "end")
    for i, value in enumerate(values):
        yield bar(LEFT, top + BAR * i, value * scale, COLOURS[i])
        yield text(LEFT + value * scale + 5, top + BAR * i + 10, f"{value:.0f}", size=10)


def bars(title, groups):
    """groups: {label: {name: number}}, the same names in all."""
    names = list(next(iter(groups.values())))
    height = TOP + len(groups) * (BAR * len(names) + GAP)
    scale = (WIDTH - LEFT - RIGHT) / max(max(values.values()) for values in groups.values())
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
             f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
             text(LEFT, 24, title, size=15, colour="#222"), *legend(names)]
    for i, (label, values) in enumerate(groups.items()):
        top = TOP + i * (BAR * len(names) + GAP)
        lines += group(top, label, [values[name] for name in names], scale)
    return "\n".join(lines + ["</svg>"]) + "\n"
