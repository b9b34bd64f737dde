"""A photo's whole way through a function, next to Python's and Node's.

The job of scripts/handler.lua as it comes: three pictures, the list, the table. In turns, with the
same Ceph radosgw and DynamoDB Local for all, behind lines that take 0, 1, 10 and 50 ms more for each
request; then the smallest memory in which a photo still passes.
"""
import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import time
import urllib.parse

import bench
import functions
import limits
import plot
import servers

DELAYS_MS = (0, 1, 10, 50)
ROUNDS_MIN = 3
MEMORY_STEPS_MB = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 1024)
PHOTOS = {"3 MP": (2160, 1440), "12 MP": (4032, 3024), "24 MP": (6000, 4000)}


# ---- photos and servers ----------------------------------------------------------------------


def make_photo(name):
    """The sample photo in another size, with a camera's noise: build/bench/NAME.jpg, its bytes."""
    path = f"{bench.FOLDER}/{name.replace(' ', '')}.jpg"
    if not os.path.exists(path):
        width, height = PHOTOS[name]
        script = ("import sys; from PIL import Image, ImageChops; "
                  "photo = Image.open('build/samples/sunset.jpg')"
                  f".resize(({width}, {height}), Image.Resampling.LANCZOS); "
                  f"noise = Image.effect_noise(photo.size, 12); "
                  "ImageChops.add(photo, Image.merge('RGB', [noise] * 3), 1, -128)"
                  ".save(sys.argv[1], quality=88)")
        subprocess.run([functions.PYTHON, "-c", script, path], check=True,
                       env={"PYTHONPATH": os.path.join(functions.RIVALS, "python", "function")})
    with open(path, "rb") as file:
        return file.read()


class Stores:
    """Both servers, what is in them, and events about it."""

    def __init__(self, s3, dynamodb):
        self.s3, self.dynamodb, self.count = s3, dynamodb, 0
        self.photos = {name: make_photo(name) for name in PHOTOS}
        for name, photo in self.photos.items():
            servers.s3(s3, "PUT", f"uploads/{name.replace(' ', '')}.jpg",
                       {"content-type": "image/jpeg"}, photo)

    def settings(self, side, s3, dynamodb):
        return {"AWS_ENDPOINT_URL_S3": s3, "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
                "DESTINATION_BUCKET": "images-" + side.name.lower(),
                "METADATA_TABLE": "photos-" + side.name.lower(),
                # This server compares ETags with their quotes to ones without.
                "LUNETTE_S3_BARE_ETAGS": "1"}

    def upload(self, name):
        """The event that S3 sends of one more such photo, which has just arrived. The one before has
        been worked on, and goes: the server has all in memory, and when that is full it only waits."""
        if self.count > 0:
            servers.s3(self.s3, "DELETE", f"uploads/{self.count}.jpg")
        self.count += 1
        key = f"{self.count}.jpg"
        servers.s3(self.s3, "PUT", "uploads/" + key,
                   {"x-amz-copy-source": f"/uploads/{name.replace(' ', '')}.jpg"})
        photo = self.photos[name]
        return {"Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2026-11-20T12:00:00.000Z", "eventName": "ObjectCreated:Put",
            "s3": {"s3SchemaVersion": "1.0", "configurationId": "uploads",
                   "bucket": {"name": "uploads", "arn": "arn:aws:s3:::uploads"},
                   "object": {"key": urllib.parse.quote(key), "size": len(photo),
                              "eTag": hashlib.md5(photo).hexdigest(),
                              "sequencer": f"{self.count:018X}"}}}]}

    def check(self, side):
        """Stops when the list of a side doesn't say what was asked for."""
        bucket = "images-" + side.name.lower()
        for entry in json.loads(servers.s3(self.s3, "GET", bucket + "/images.json")):
            made = {variant["name"]: (variant["width"], variant["height"], variant["type"])
                    for variant in entry["variants"]}
            longest = max(made["medium"][:2]), max(made["large"][:2])
            if (made["thumb"], longest) != ((160, 160, "image/webp"), (800, 1600)):
                raise SystemExit(f"{side.name} made {made}")
            for variant in entry["variants"]:
                if len(servers.s3(self.s3, "GET", f"{bucket}/{variant['key']}")) != variant["size"]:
                    raise SystemExit(f"{side.name} stored another {variant['key']}")


@contextlib.contextmanager
def stores(sides):
    with contextlib.ExitStack() as stack:
        s3 = stack.enter_context(servers.radosgw("uploads"))
        for side in sides:
            servers.s3(s3, "PUT", "images-" + side.name.lower())
        tables = ["photos-" + side.name.lower() for side in sides]
        yield Stores(s3, stack.enter_context(servers.dynamodb_local(tables)))


# ---- time ------------------------------------------------------------------------------------


def turn(running, event):
    cpu_s = running.cpu_s()
    taken_ms = running.invoke(event)
    return {"ms": taken_ms, "cpu_ms": 1000 * (running.cpu_s() - cpu_s)}


def measure(sides, there, photo, delay_ms, ends_at):
    """{name: {"start_ms", "first", "warm": [...], "memory"}} of all sides in turns."""
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(servers.delayed(server, delay_ms))
                 for server in (there.s3, there.dynamodb)]
        all_running = [stack.enter_context(functions.Running(side, there.settings(side, *lines)))
                       for side in sides]
        results = {running.function.name: {
            "start_ms": running.start_ms, "first": turn(running, there.upload(photo)), "warm": []}
            for running in all_running}
        while len(results["Lunette"]["warm"]) < ROUNDS_MIN or time.monotonic() < ends_at:
            for running in all_running:
                results[running.function.name]["warm"].append(turn(running, there.upload(photo)))
        for running in all_running:
            results[running.function.name]["memory"] = running.memory()
    return results


def warm(result, what="ms"):
    return statistics.median(one[what] for one in result["warm"])


def ratio(results, name):
    """How many times as long as Lunette it took: the median of the rounds' ratios."""
    return statistics.median(other["ms"] / ours["ms"] for other, ours in
                             zip(results[name]["warm"], results["Lunette"]["warm"]))


# ---- memory ----------------------------------------------------------------------------------


def passes(side, there, photo, megabytes):
    settings = {**there.settings(side, there.s3, there.dynamodb),
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(megabytes)}
    with limits.memory(megabytes) as before_exec:
        try:
            with functions.Running(side, settings, before_exec) as running:
                running.invoke(there.upload(photo))
                running.invoke(there.upload(photo))
                return True
        except functions.Failed:
            return False


def smallest(side, there, photo):
    """The first of MEMORY_STEPS_MB that is enough, by halving; None when none is."""
    low, high = 0, len(MEMORY_STEPS_MB)
    while low < high:
        middle = (low + high) // 2
        if passes(side, there, photo, MEMORY_STEPS_MB[middle]):
            high = middle
        else:
            low = middle + 1
    found = MEMORY_STEPS_MB[low] if low < len(MEMORY_STEPS_MB) else None
    bench.progress(f"  {side.name}: {photo} in {found} MB")
    return found


# ---- what came out ---------------------------------------------------------------------------

def in_ms(values):
    return [bench.number(value) + " ms" for value in values]


def time_row(photo, delay_ms, results):
    """Of one case: warm invocations, how they compare, and the first one with the start before it."""
    first = in_ms(one["start_ms"] + one["first"]["ms"] for one in results.values())
    others = [bench.times(ratio(results, name)) for name in results if name != "Lunette"]
    return [f"{photo}, {delay_ms} ms away", *in_ms(map(warm, results.values())), *others, *first]


def cost_row(photo, times):
    """Of one photo, whatever the delay was: processor time, and the most memory."""
    cases = [results for (one, _), results in times.items() if one == photo]
    cpu = [statistics.median(warm(case[name], "cpu_ms") for case in cases) for name in cases[0]]
    peak = [max(case[name]["memory"]["peak"] for case in cases) for name in cases[0]]
    return [photo, *in_ms(cpu), *map(bench.megabytes, peak)]


def least_memory(photo, sizes):
    return [f"{size} MB" if size else f"over {MEMORY_STEPS_MB[-1]} MB"
            for size in sizes.get(photo, {}).values()]


def tables(names, times, sizes):
    """[(columns, rows)] for a reader."""
    def columns(what):
        return [f"{what}: {names[0]}"] + names[1:]
    yield (["", *columns("warm"), *(f"{name}/{names[0]}" for name in names[1:]),
            *columns("first, with the start")],
           [time_row(*case, results) for case, results in times.items()])
    measured = sorted({photo for photo, _ in times}, key=list(PHOTOS).index)
    yield (["", *columns("CPU, warm"), *columns("peak memory")],
           [cost_row(photo, times) for photo in measured])
    if sizes:
        yield ([f"smallest memory ({limits.kind()})", *names],
               [[photo, *least_memory(photo, sizes)] for photo in sizes])


def show(times, sizes):
    names = list(next(iter(times.values())))
    made = list(tables(names, times, sizes))
    texts = {ending: "\n\n".join(table(*one) for one in made) for ending, table in
             (("txt", bench.text_table), ("md", bench.markdown_table))}
    bench.save("lambda", {
        "machine": bench.machine(), "versions": functions.versions(), "memory_mb": sizes,
        "times": [{"photo": photo, "delay_ms": delay_ms, "results": results}
                  for (photo, delay_ms), results in times.items()]}, texts)
    with open(f"{bench.FOLDER}/lambda.svg", "w", encoding="utf-8") as out:
        out.write(plot.bars("One warm invocation, milliseconds", {
            f"{photo}, {delay_ms} ms away": {name: warm(result) for name, result in results.items()}
            for (photo, delay_ms), results in times.items()}))
    print(texts["txt"])


def main():
    sides = [functions.lunette(), functions.python(), functions.node()]
    cases = [(photo, delay_ms) for photo in ("3 MP", "12 MP") for delay_ms in DELAYS_MS]
    share_s = bench.seconds(120) / len(cases)
    times, sizes = {}, {}
    with stores(sides) as there:
        for photo, delay_ms in cases:
            results = measure(sides, there, photo, delay_ms, time.monotonic() + share_s)
            times[photo, delay_ms] = results
            bench.progress(f"  {photo}, {delay_ms} ms away: " + ", ".join(
                f"{name} {bench.number(warm(one))} ms" for name, one in results.items()))
        for side in sides:
            there.check(side)
        if limits.kind():
            sizes = {photo: {side.name: smallest(side, there, photo) for side in sides}
                     for photo in ("12 MP", "24 MP")}
        else:
            bench.progress("  smallest memory: skipped, it needs root and a control group")
    show(times, sizes)


main()
