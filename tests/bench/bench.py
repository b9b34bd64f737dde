"""What the benches share: programs measured side by side, and tables of what came out.

A bench is tests/bench/NAME_bench.py; tests/bench/run starts it, in the project's folder. What it
compares are programs that read lines "COUNT", do their work so many times, and answer each with a
line. They are asked in turns, A B A B ..., so that a busy machine is busy for both, and medians are
told. Settings: BENCH_SECONDS, the time that all measuring takes together.
"""
import json
import os
import platform
import statistics
import subprocess
import sys
import time

FOLDER = "build/bench"
ROUNDS = 9
LUNETTE = os.path.join(os.environ.get("BUILD", "build/release"), "lunette")


def seconds(usual):
    return float(os.environ.get("BENCH_SECONDS") or usual)


def progress(text):
    print(text, file=sys.stderr, flush=True)


# ---- programs --------------------------------------------------------------------------------


class Sample:
    """One turn: so many of the units of work, the time on the wall, and the processor's."""

    def __init__(self, count, wall_s, cpu_s):
        self.rate = count / wall_s
        self.cpu_ms = 1000 * cpu_s / count


class Program:
    """A running side of a comparison. `name` is the column's; close() when done."""

    def __init__(self, name, command, environment):
        self.name = name
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, **environment}, text=True, bufsize=1)
        self.ask(1)
        self.start_ms = 1000 * (time.monotonic() - self.started)
        self.start_cpu_ms = 1000 * self.cpu_s()

    def cpu_s(self):
        """The processor time of all its threads, from the kernel's clock of that process."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def ask(self, count):
        self.process.stdin.write(f"{count}\n")
        if not self.process.stdout.readline():
            raise SystemExit(f"{self.name} ended: status {self.process.wait()}")

    def measure(self, count):
        cpu_s, started = self.cpu_s(), time.monotonic()
        self.ask(count)
        return Sample(count, time.monotonic() - started, self.cpu_s() - cpu_s)

    def count_for(self, turn_s):
        """How often it can work in that time; warms it up meanwhile."""
        count, enough_s = 16, min(0.2, turn_s)
        while True:
            started = time.monotonic()
            self.ask(count)
            taken_s = time.monotonic() - started
            if taken_s >= enough_s:
                return max(16, int(count * turn_s / taken_s))
            count *= 2

    def close(self):
        """Ends it; the most memory that it had, in bytes (ru_maxrss of a Linux is in KiB)."""
        self.process.stdin.close()
        _, _, usage = os.wait4(self.process.pid, 0)
        self.process.stdout.close()
        return usage.ru_maxrss * 1024


def compare(ours, theirs, turn_s):
    """Measures both in turns and closes them. {name: {what: number}}, medians of all rounds, and
    "ratio": how many times as fast ours is, and with how many times less CPU. These are medians of
    the rounds' ratios: what else the machine does is much the same in both turns of a round.
    """
    counts = [program.count_for(turn_s) for program in (ours, theirs)]
    rounds = [(ours.measure(counts[0]), theirs.measure(counts[1])) for _ in range(ROUNDS)]
    result = {program.name: {
        "per_second": statistics.median(samples[i].rate for samples in rounds),
        "cpu_ms": statistics.median(samples[i].cpu_ms for samples in rounds),
        "peak_bytes": program.close(),
        "start_ms": program.start_ms,
        "start_cpu_ms": program.start_cpu_ms,
    } for i, program in enumerate((ours, theirs))}
    result["ratio"] = {
        "per_second": statistics.median(one.rate / other.rate for one, other in rounds),
        "cpu_ms": statistics.median(other.cpu_ms / one.cpu_ms for one, other in rounds)}
    return result


# ---- what came out ---------------------------------------------------------------------------


def number(value):
    """Short, to be read: three digits that count."""
    places = 3 if value < 1 else max(0, 3 - len(str(int(value))))
    return f"{value:,.{places}f}"


def megabytes(value):
    return f"{value / 1e6:.0f} MB"


def times(ratio):
    return f"{ratio:.1f}x"


def text_table(columns, rows):
    """Columns aligned for a terminal, the first one to the left."""
    lines = [columns] + rows
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(line, widths))).rstrip()
        for line in lines)


def markdown_table(columns, rows):
    marks = ["---"] + ["--:"] * (len(columns) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [columns, marks] + rows)


def machine():
    """What the numbers depend on, for a reader elsewhere."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {"processor": model[0] if model else platform.machine(), "cores": os.cpu_count(),
            "kernel": platform.release(), "load": os.getloadavg()[0]}


def save(name, results, texts):
    """build/bench/NAME.json, and NAME.txt and NAME.md with the tables."""
    with open(f"{FOLDER}/{name}.json", "w", encoding="utf-8") as out:
        json.dump(results, out, indent=2)
    for ending, text in texts.items():
        with open(f"{FOLDER}/{name}.{ending}", "w", encoding="utf-8") as out:
            out.write(text + "\n")
