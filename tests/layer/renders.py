"""Whether two builds make the same pictures: renders.py WANTED GOT, of renders.lua's lines.

Prints each line that differs. Lines that end in a digest must be the same. Where a line carries a
PNG, a sample may be off by LEVELS: libwebp scales a photo while it reads it, and rounds otherwise on
arm64 than elsewhere (its rescaler_neon.c multiplies by half as fine a factor).
"""
import base64
import struct
import sys
import zlib

LEVELS = 2


def unfiltered(data, rows, row_bytes, step):
    """The bytes of the rows, PNG's filters undone (PNG specification, section 9)."""
    before, out = bytes(row_bytes), []
    for y in range(rows):
        kind = data[y * (row_bytes + 1)]
        row = bytearray(data[y * (row_bytes + 1) + 1:(y + 1) * (row_bytes + 1)])
        for x in range(row_bytes):
            left, above = row[x - step] if x >= step else 0, before[x]
            corner = before[x - step] if x >= step else 0
            near = min((abs(above - corner), 0, left), (abs(left - corner), 1, above),
                       (abs(left + above - 2 * corner), 2, corner))[2]
            row[x] = (row[x] + (0, left, above, (left + above) // 2, near)[kind]) & 255
        out.append(before := bytes(row))
    return out


def samples(png):
    """(what must be the same, all samples); a palette's colours in the place of its numbers."""
    chunks, at = {}, 8
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at:at + 8])
        chunks[name] = chunks.get(name, b"") + png[at + 8:at + 8 + length]
        at += 12 + length
    width, height, depth, colours = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colours]
    rows = unfiltered(zlib.decompress(chunks[b"IDAT"]), height, (width * bits + 7) // 8,
                      max(1, bits // 8))
    if colours != 3:
        return (width, height, colours, depth), b"".join(rows)
    numbers = [row[x * depth // 8] >> (8 - depth - x * depth % 8) & ((1 << depth) - 1)
               for row in rows for x in range(width)]
    return (width, height, "palette"), b"".join(chunks[b"PLTE"][3 * n:3 * n + 3] for n in numbers)


def alike(wanted, got):
    if wanted == got:
        return True
    if wanted[:-1] != got[:-1] or not (wanted[-1].startswith("png:") and got[-1].startswith("png:")):
        return False
    (shape, ours), (their_shape, theirs) = (samples(base64.b64decode(line[-1][4:]))
                                            for line in (wanted, got))
    return shape == their_shape and len(ours) == len(theirs) and \
        max((abs(a - b) for a, b in zip(ours, theirs)), default=0) <= LEVELS


def main():
    wanted, got = ([line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8")]
                   for path in sys.argv[1:3])
    if len(wanted) != len(got):
        print(f"{len(wanted)} lines, and {len(got)}")
    for ours, theirs in zip(wanted, got):
        if not alike(ours, theirs):
            print("\t".join(part[:80] for part in ours), "|", "\t".join(part[:80] for part in theirs))


main()
