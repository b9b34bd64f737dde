"""ICC profiles, built from the numbers of their colour spaces (ICC.1:2010)."""
import struct

import numpy as np

BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367],
                     [0.0389, -0.0685, 1.0296]])
D50 = np.array([0.9642, 1.0, 0.8249])


def white(x, y):
    return np.array([x / y, 1.0, (1 - x - y) / y])


D65 = white(0.3127, 0.3290)


def colorants(primaries):
    """The columns of RGB to XYZ, adapted to D50, of red, green and blue (x, y) under D65."""
    columns = np.array([white(x, y) for x, y in primaries]).T
    matrix = columns * np.linalg.solve(columns, D65)
    cone = np.diag((BRADFORD @ D50) / (BRADFORD @ D65))
    return np.linalg.inv(BRADFORD) @ cone @ BRADFORD @ matrix


def fixed(value):
    return struct.pack(">i", round(value * 65536))


def xyz(values):
    return b"XYZ \0\0\0\0" + b"".join(fixed(value) for value in values)


def gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def srgb_curve():
    return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + b"".join(
        fixed(value) for value in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))


def text(value):
    return b"desc\0\0\0\0" + struct.pack(">I", len(value) + 1) + value + b"\0" * 79


def profile(kind, space, connection, tags):
    tags = {b"desc": text(b"made here"), b"wtpt": xyz(D50), **tags}
    body, table = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    header = struct.pack(">I4xI4s4s4s12x4s24x", start + len(body), 0x02400000, kind, space,
                         connection, b"acsp")
    header += b"\0" * 4 + b"".join(fixed(value) for value in D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def rgb(primaries, curve):
    matrix = colorants(primaries)
    return profile(b"mntr", b"RGB ", b"XYZ ", {
        b"rXYZ": xyz(matrix[:, 0]), b"gXYZ": xyz(matrix[:, 1]), b"bXYZ": xyz(matrix[:, 2]),
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve})


def display_p3():
    return rgb([(0.680, 0.320), (0.265, 0.690), (0.150, 0.060)], srgb_curve())


def adobe_rgb():
    return rgb([(0.64, 0.33), (0.21, 0.71), (0.15, 0.06)], gamma(563 / 256))


def grey(exponent):
    return profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": gamma(exponent)})


def lab_of(linear):
    """CIE Lab (D50) of linear sRGB."""
    primaries = [(0.64, 0.33), (0.30, 0.60), (0.15, 0.06)]
    ratio = (linear @ colorants(primaries).T) / D50
    root = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.stack([116 * root[..., 1] - 16, 500 * (root[..., 0] - root[..., 1]),
                     200 * (root[..., 1] - root[..., 2])], -1)


def cmyk(points=9):
    """Inks that are not ideal: each lets through some of what it should hold back."""
    steps = np.linspace(0, 1, points)
    inks = np.stack(np.meshgrid(steps, steps, steps, steps, indexing="ij"), -1)
    paper = np.array([0.92, 0.90, 0.85])
    through = np.array([[0.05, 0.45, 0.75], [0.60, 0.04, 0.30], [0.90, 0.75, 0.03],
                        [0.02, 0.02, 0.02]])
    linear = paper * np.prod(1 - inks[..., None] * (1 - through), axis=-2)
    lab = lab_of(linear)
    coded = np.stack([lab[..., 0] * 65280 / 100, (lab[..., 1] + 128) * 256,
                      (lab[..., 2] + 128) * 256], -1)
    table = np.clip(np.rint(coded), 0, 65535).astype(">u2").tobytes()
    ramp = struct.pack(">HH", 0, 65535)
    head = b"mft2\0\0\0\0" + struct.pack(">BBBx", 4, 3, points)
    head += b"".join(fixed(value) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    lut = head + struct.pack(">HH", 2, 2) + ramp * 4 + table + ramp * 3
    return profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut, b"A2B1": lut, b"A2B2": lut})
