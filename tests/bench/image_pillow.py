"""Pillow's side of image_bench.py, as its documentation does it: thumbnail(), and ImageOps.fit().

Called with JOB PHOTO FOLDER, it does as image_lunette.lua says. What the bench itself needs of Pillow
is here, too: `photo SOURCE WIDTH HEIGHT FILE` makes a photo, `likeness PHOTO JOB FILE...` prints what
each picture's structural similarity is to the full photo resized by Lanczos.
"""
import io
import re
import sys

from PIL import Image, ImageChops, ImageMath, ImageOps, ImageSequence


OPTIONS = {"jpeg": {"quality": 70, "optimize": True}, "webp": {"quality": 70}, "png": {}}


def format_of(job):
    word = job.split("-")[-1]
    return "jpeg" if word.isdigit() else word


def make(photo, job, size):
    if job.startswith("cover"):
        return ImageOps.fit(photo, (size, size), Image.Resampling.LANCZOS)
    copy = photo.copy()
    copy.thumbnail((size, size), Image.Resampling.LANCZOS)
    return copy


def animated(photo, size):
    frames = []
    for frame in ImageSequence.Iterator(photo):
        frames.append(frame.convert("RGBA"))
        frames[-1].thumbnail((size, size), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    frames[0].save(out, "gif", save_all=True, append_images=frames[1:], loop=0,
                   duration=photo.info.get("duration", 100))
    return out.getvalue()


def render(data, job):
    sizes = [int(size) for size in re.findall(r"\d+", job)]
    photo = Image.open(io.BytesIO(data))
    if format_of(job) == "gif":
        yield sizes[0], animated(photo, sizes[0])
        return
    if not job.startswith("cover"):
        photo.draft("RGB", (2 * sizes[0], 2 * sizes[0]))  # as thumbnail() does, which has a copy
    photo = ImageOps.exif_transpose(photo)
    for size in sizes:
        out = io.BytesIO()
        picture = make(photo, job, size)
        if format_of(job) == "jpeg" and picture.mode != "RGB":
            picture = picture.convert("RGB")
        picture.save(out, format_of(job), **OPTIONS[format_of(job)])
        yield size, out.getvalue()


def serve(job, path, folder, *_):
    with open(path, "rb") as file:
        data = file.read()
    first = True
    for line in sys.stdin:
        for _ in range(int(line)):
            for size, picture in render(data, job):
                if first:
                    with open(f"{folder}/Pillow-{job}-{size}.{format_of(job)}", "wb") as out:
                        out.write(picture)
            first = False
        print("done", flush=True)


def make_photo(source, width, height, path):
    """A sample photo in another size, with a camera's noise; a PNG fades to the right."""
    with Image.open(source) as sample:
        photo = sample.resize((int(width), int(height)), Image.Resampling.LANCZOS)
    noise = Image.merge("RGB", [Image.effect_noise(photo.size, 12)] * 3)
    photo = ImageChops.add(photo, noise, 1, -128)
    if path.endswith(".png"):
        photo.putalpha(Image.linear_gradient("L").rotate(90).resize(photo.size))
    photo.save(path, quality=90)


def similarity(first, second):
    """Of the luma, the mean over blocks of 8 x 8 (Wang et al. 2004)."""
    def mean(expression, **images):
        return ImageMath.lambda_eval(expression, **images).reduce(8)
    a, b = (image.convert("L").convert("F") for image in (first, second))
    moments = {"a": a.reduce(8), "b": b.reduce(8),
               "aa": mean(lambda of: of["a"] * of["a"], a=a),
               "bb": mean(lambda of: of["b"] * of["b"], b=b),
               "ab": mean(lambda of: of["a"] * of["b"], a=a, b=b)}
    blocks = ImageMath.lambda_eval(
        lambda of: (2 * of["a"] * of["b"] + 6.5025)
        * (2 * (of["ab"] - of["a"] * of["b"]) + 58.5225)
        / ((of["a"] * of["a"] + of["b"] * of["b"] + 6.5025)
           * (of["aa"] - of["a"] * of["a"] + of["bb"] - of["b"] * of["b"] + 58.5225)), **moments)
    return blocks.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))


def frames(path):
    """Of a still or an animation: (until when it is shown, the picture)."""
    until_ms = 0
    with Image.open(path) as file:
        for frame in ImageSequence.Iterator(file):
            until_ms += frame.info.get("duration", 100)
            yield until_ms, ImageOps.exif_transpose(frame).convert("RGB")


def likeness(path, job, *pictures):
    """An animation's is the mean of what is shown with each frame of the source."""
    method = ImageOps.fit if job.startswith("cover") else Image.Image.resize
    source = list(frames(path))
    for picture in pictures:
        made, values = list(frames(picture)), []
        for until_ms, photo in source:
            shown = next((image for ends_ms, image in made if ends_ms >= until_ms), made[-1][1])
            values.append(similarity(method(photo, shown.size, Image.Resampling.LANCZOS), shown))
        print(sum(values) / len(values))


if sys.argv[1] == "photo":
    make_photo(*sys.argv[2:])
elif sys.argv[1] == "likeness":
    likeness(*sys.argv[2:])
else:
    serve(*sys.argv[1:])
