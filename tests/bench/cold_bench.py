"""A cold start, from exec to the first question for an event, next to Python's and Node's.

Also what each keeps in memory then, what is shipped, and the same start with nothing in the page
cache. In turns: Lunette, Python, Node, Lunette ... No server but the Runtime API takes part.
"""
import os
import statistics
import time

import bench
import functions

WARM_SHARE = 0.5  # of the time
DROP = "/proc/sys/vm/drop_caches"


def forget(function):
    """Empties the page cache; without the right to do that, of the files that this one reads."""
    os.sync()
    if os.access(DROP, os.W_OK):
        with open(DROP, "w", encoding="utf-8") as file:
            file.write("1")
        return
    for path in filter(os.path.isfile, function.files()):
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def start(function, is_cold):
    if is_cold:
        forget(function)
    with functions.Running(function) as running:
        time.sleep(0.05)  # threads that still start
        return {"start_ms": running.start_ms, "cpu_ms": 1000 * running.cpu_s(),
                "memory": running.memory()["peak"]}


def rounds(sides, is_cold, ends_at):
    """At least three, then as many as there is time for: [{name: start}]."""
    result = []
    while len(result) < 3 or time.monotonic() < ends_at:
        result.append({side.name: start(side, is_cold) for side in sides})
        bench.progress(f"  {'cold' if is_cold else 'warm'} page cache: " + ", ".join(
            f"{name} {bench.number(one['start_ms'])} ms" for name, one in result[-1].items()))
    return result


def median(turns, name, what):
    return statistics.median(turn[name][what] for turn in turns)


def times_faster(turns, name):
    """How many times faster Lunette was: the median of the rounds' ratios."""
    return statistics.median(turn[name]["start_ms"] / turn["Lunette"]["start_ms"] for turn in turns)


def summary(side, warm, cold):
    zipped, unpacked = side.sizes()
    result = {what: median(warm, side.name, what) for what in ("start_ms", "cpu_ms", "memory")}
    result.update(cold_start_ms=median(cold, side.name, "start_ms"), zipped=zipped,
                  unpacked=unpacked, times=times_faster(warm, side.name),
                  cold_times=times_faster(cold, side.name), rounds=[len(warm), len(cold)])
    return result


COLUMNS = ["", "exec to /next", "Lunette is", "CPU", "cold page cache", "Lunette is",
           "idle memory", "zip", "unpacked"]


def row(name, result):
    def faster(ratio):
        return "" if name == "Lunette" else f"{ratio:.0f}x faster"
    return [name, bench.number(result["start_ms"]) + " ms", faster(result["times"]),
            bench.number(result["cpu_ms"]) + " ms", bench.number(result["cold_start_ms"]) + " ms",
            faster(result["cold_times"]), f"{result['memory'] / 1e6:.1f} MB",
            f"{result['zipped'] / 1e6:.1f} MB", f"{result['unpacked'] / 1e6:.1f} MB"]


def main():
    sides = [functions.lunette(), functions.python(), functions.node()]
    measuring_s = bench.seconds(40)
    for side in sides:
        start(side, False)
    now = time.monotonic()
    warm = rounds(sides, False, now + measuring_s * WARM_SHARE)
    cold = rounds(sides, True, now + measuring_s)
    results = {side.name: summary(side, warm, cold) for side in sides}
    rows = [row(name, result) for name, result in results.items()]
    bench.save("cold", {"machine": bench.machine(), "versions": functions.versions(),
                        "results": results, "warm": warm, "cold": cold},
               {"txt": bench.text_table(COLUMNS, rows), "md": bench.markdown_table(COLUMNS, rows)})
    print(bench.text_table(COLUMNS, rows))


main()
