#!/usr/bin/env python3
"""Draws a terminal's screen as SVG: `tmux capture-pane -e -p | render.py > screen.svg`.

Every cell is placed by itself, so that a viewer's font cannot move columns. Understands what
ratatui writes: SGR colours (16, 256, RGB), bold, dim, italic, underlined, reversed.
`render.py --light` draws on a light background.
"""

import re
import sys
import unicodedata
from html import escape

CELL, LINE, SIZE, EDGE = 9.0, 20, 15, 12
DARK = ["#1d1f21", "#cc6666", "#8fc05a", "#e0b050", "#6f9fd8", "#b294bb", "#5fc8c8", "#c5c8c6",
        "#7a7e82", "#ff6c6b", "#b5e070", "#ffd75f", "#8fc0ff", "#d8a8e8", "#80e8e8", "#ffffff"]
LIGHT = ["#000000", "#b00020", "#006b2d", "#8a5a00", "#1d4fa0", "#7a1fa2", "#006f7f", "#444444",
         "#6c6c6c", "#d00030", "#00803a", "#a06a00", "#2f6fd0", "#9030c0", "#008f9f", "#111111"]


def color_of_256(number, palette):
    if number < 16:
        return palette[number]
    if number < 232:
        number -= 16
        steps = [0, 95, 135, 175, 215, 255]
        return "#%02x%02x%02x" % tuple(steps[number // by % 6] for by in (36, 6, 1))
    return "#" + "%02x" % (8 + 10 * (number - 232)) * 3


class Style:
    def __init__(self, palette):
        self.palette = palette
        self.reset()

    def reset(self):
        self.fg = self.bg = None
        self.bold = self.dim = self.italic = self.underlined = self.reversed = False

    def take(self, codes):
        codes = [int(code or 0) for code in re.split("[;:]", codes)]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.reset()
            elif code in (1, 2, 3, 4, 7):
                name = {1: "bold", 2: "dim", 3: "italic", 4: "underlined", 7: "reversed"}[code]
                setattr(self, name, True)
            elif code == 22:
                self.bold = self.dim = False
            elif code in (23, 24, 27):
                setattr(self, {23: "italic", 24: "underlined", 27: "reversed"}[code], False)
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self.fg = self.palette[code - 30 if code < 90 else code - 82]
            elif 40 <= code <= 47 or 100 <= code <= 107:
                self.bg = self.palette[code - 40 if code < 100 else code - 92]
            elif code in (38, 48):
                kind = codes.pop(0)
                if kind == 5:
                    color = color_of_256(codes.pop(0), self.palette)
                else:
                    color = "#%02x%02x%02x" % (codes.pop(0), codes.pop(0), codes.pop(0))
                if code == 38:
                    self.fg = color
                else:
                    self.bg = color
            elif code == 39:
                self.fg = None
            elif code == 49:
                self.bg = None


def cells(text, palette):
    """(line, column, width, character, foreground, background, style) of every cell."""
    style = Style(palette)
    for line, row in enumerate(text.rstrip("\n").split("\n")):
        column = 0
        for part in re.findall("\x1b\\[[0-9;:]*m|\x1b[^m]*m|.", row):
            if part.startswith("\x1b["):
                style.take(part[2:-1])
                continue
            wide = 2 if unicodedata.east_asian_width(part) in "WF" else 1
            yield line, column, wide, part, style
            column += wide


def shape(character, x, y, color):
    """Blocks and lines as shapes: fonts leave gaps between them."""
    eighths = "▁▂▃▄▅▆▇█".find(character)
    if eighths >= 0:
        high = LINE * (eighths + 1) / 8
        return rect(x, y + LINE - high, CELL, high, color)
    left = "▏▎▍▌▋▊▉".find(character)
    if left >= 0:
        return rect(x, y, CELL * (left + 1) / 8, LINE, color)
    if character in "━╸":
        return rect(x, y + LINE / 2 - 2.5, CELL if character == "━" else CELL / 2, 5, color)
    middle, half = y + LINE / 2, x + CELL / 2
    lines = {"─": [(x, middle, x + CELL, middle)], "│": [(half, y, half, y + LINE)]}
    corners = {"╭": (x + CELL, y + LINE), "╮": (x, y + LINE), "╰": (x + CELL, y), "╯": (x, y)}
    if character in corners:
        to_x, to_y = corners[character]
        path = f"M{half} {to_y} Q{half} {middle} {to_x} {middle}"
        return f'<path d="{path}" fill="none" stroke="{color}"/>'
    if character in lines:
        return "".join(f'<path d="M{a} {b} L{c} {d}" stroke="{color}"/>'
                       for a, b, c, d in lines[character])
    return None


def rect(x, y, width, height, color):
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{color}"/>'


def svg(text, light):
    palette = LIGHT if light else DARK
    ground, ink = ("#ffffff", "#222222") if light else ("#1d1f21", "#d5d8d6")
    lines = text.rstrip("\n").split("\n")
    plain = [re.sub("\x1b\\[[0-9;:]*m", "", line) for line in lines]
    width = max(map(len, plain)) * CELL + 2 * EDGE
    height = len(lines) * LINE + 2 * EDGE
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{SIZE}">',
        f'<rect width="100%" height="100%" rx="8" fill="{ground}"/>',
    ]
    for line, column, wide, character, style in cells(text, palette):
        x, y = EDGE + column * CELL, EDGE + line * LINE
        fg, bg = style.fg or ink, style.bg
        if style.reversed:
            fg, bg = bg or ground, fg
        if bg:
            out.append(rect(x, y, wide * CELL + 0.3, LINE, bg))
        if character == " ":
            continue
        drawn = shape(character, x, y, fg)
        if not drawn:
            looks = ' font-weight="bold"' if style.bold else ""
            looks += ' opacity="0.6"' if style.dim else ""
            looks += ' font-style="italic"' if style.italic else ""
            looks += ' text-decoration="underline"' if style.underlined else ""
            drawn = (f'<text x="{x:.2f}" y="{y + LINE - 5}" fill="{fg}"{looks}>'
                     f'{escape(character)}</text>')
        out.append(drawn)
    out.append("</svg>")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    sys.stdout.write(svg(sys.stdin.read(), "--light" in sys.argv[1:]))
