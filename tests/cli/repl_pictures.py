"""repl_pictures.py PROGRAM SAMPLES FOLDER: what `lunette repl` writes to terminals that can show
pictures. Started by repl_pictures_test.sh; closes with a tally."""
import base64
import os
import re
import struct
import sys

from repl_terminal import Terminal, check, tally

program, samples, folder = sys.argv[1:]
os.chdir(folder)


def png_size(data):
    return struct.unpack(">II", data[16:24]) if data[:8] == b"\x89PNG\r\n\x1a\n" else None


def sixel_size(data):
    """Walks through the picture: how wide its rows are, how high all of it is."""
    body = re.match(rb'\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\', data, re.S)
    width, height, rest = int(body[1]), int(body[2]), body[3]
    rest = re.sub(rb"#\d+;2;\d+;\d+;\d+", b"", rest)
    bands = rest.rstrip(b"-").split(b"-")
    widths = {len(part) for band in bands for part in re.split(rb"\$?#\d+", band) if part}
    return widths == {width} and len(bands) == -(-height // 6) and (width, height)


def covers(data):
    """Is every pixel painted exactly once?"""
    body = re.search(rb'q"1;1;(\d+);(\d+)(.*)\x1b\\', data, re.S)
    width, height = int(body[1]), int(body[2])
    rest = re.sub(rb"#\d+;2;\d+;\d+;\d+", b"", body[3])
    for i, band in enumerate(rest.rstrip(b"-").split(b"-")):
        rows = min(6, height - 6 * i)
        for x in range(width):
            bits = [part[x] - 63 for part in re.split(rb"\$?#\d+", band) if part]
            if sum(bits) != (1 << rows) - 1:
                return False
    return True


photo = ".drop %s/harbour.jpg" % samples
look = 's3.get { bucket = "uploads", key = "harbour.jpg" }.body'
told = b"JPEG 1680x1120 sRGB 306 kB"

terminal = Terminal(program, TERM="xterm-kitty")
terminal.enter(photo, b"est. $")
seen = terminal.enter(look, b"\x1b\\\r\n")
check("a picture is told", told in seen, seen)
pieces = re.findall(rb"\x1b_G([^;]*);([^\x1b]*)\x1b\\", seen)
check("kitty: the first piece says what it is", pieces and pieces[0][0] == b"a=T,f=100,m=1", seen)
check("kitty: and the last that it is the last", pieces and pieces[-1][0] == b"m=0", seen)
check("kitty: none is longer than it may be", all(len(piece) <= 4096 for _, piece in pieces), seen)
picture = base64.b64decode(b"".join(piece for _, piece in pieces))
check("kitty: they are a PNG of that size", png_size(picture) == (240, 160), picture)
terminal.enter(".effects", b"large")
terminal.enter("'the ' .. 'end'", b'"the end"')
check("kitty: .effects shows what was written", terminal.seen.count(b"\x1b_Ga=T") == 4,
      terminal.seen)
terminal.enter("hash.sha256 'x'", b'"2d711642')
terminal.close()

terminal = Terminal(program, TERM_PROGRAM="iTerm.app")
seen = terminal.enter(look, b"\a")
file = re.search(rb"\x1b\]1337;File=inline=1;size=(\d+):([^\a]*)\a", seen)
picture = base64.b64decode(file[2]) if file else b""
check("iterm2: a file of the size that is said", file and len(picture) == int(file[1]), seen)
check("iterm2: which is a JPEG", picture[:3] == b"\xff\xd8\xff", seen)
terminal.close()

terminal = Terminal(program, attributes=b"62;4;22")
seen = terminal.enter(look, b"\x1b\\\r\n")
picture = seen[seen.index(b"\x1bP"):] if b"\x1bP" in seen else b""
check("sixel: the terminal is asked", b"\x1b[c" in seen, seen)
check("sixel: rows are as wide as is said", picture and sixel_size(picture) == (240, 160), seen)
check("sixel: each pixel is painted once", picture and covers(picture), seen)
terminal.enter("1 + 41", b"\r\n42\r\n")
terminal.close()

for attributes, environment in ((b"1;2", {}), (None, {}), (None, {"LUNETTE_PICTURES": "none"}),
                                (b"1;2", {"TERM": "screen", "KITTY_WINDOW_ID": "1"})):
    terminal = Terminal(program, attributes=attributes, **environment)
    seen = terminal.enter(look, told)
    terminal.enter("1 + 41", b"\r\n42\r\n")
    check("none where the terminal can't: %s %s" % (attributes, environment),
          not re.search(rb"\x1b[P_\]]", terminal.seen), terminal.seen)
    terminal.close()

tally()
