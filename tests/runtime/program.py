"""The program under test as a Lambda function in a folder of its own, and checks with a tally."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from mock import HANGS_S, Mock

PROGRAM = os.path.abspath(os.environ.get("BOOTSTRAP") or
                          os.environ.get("LUNETTE", "build/release/lunette"))
with open(PROGRAM, "rb") as program_file:
    SANITIZED = re.search(b"__[at]san_init", program_file.read()) is not None
COMPLAINT = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error:")
tally = {"passed": 0, "failed": 0, "skipped": 0}


def expect(what, wanted, got):
    if wanted == got:
        tally["passed"] += 1
    else:
        tally["failed"] += 1
        print(f"FAILED: {what}\n  expected {str(wanted)[:2000]}\n  got      {str(got)[:2000]}")


def contains(what, wanted, text):
    expect(what, True, True if wanted in text else f"no {wanted!r} in {text[:2000]!r}")


def in_time(times, attempt):
    """For what the program does within a time that is over for it, too, when the machine had no
    processor for it: `attempt(time)` gives rows (what, wanted, got). The first of the times with
    which all of them hold counts; else the last."""
    for time_given in times:
        rows = attempt(time_given)
        if all(wanted == got for _, wanted, got in rows):
            break
    for row in rows:
        expect(*row)


def skip(what, why):
    tally["skipped"] += 1
    print(f"skipped: {what}: {why}")


class Function:
    """A mock with one program behind it; ends with the program turned away by /next."""

    def __init__(self, handler, files=None, env=None, arguments=(), name="bootstrap"):
        self.folder = tempfile.mkdtemp(prefix="function.")
        self.mock = Mock()
        self.handler, self.files = handler, files or {}
        self.more, self.arguments, self.name = env or {}, arguments, name

    def environment(self):
        env = {name: os.environ[name] for name in
               ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS") if name in os.environ}
        env.update({
            "AWS_LAMBDA_RUNTIME_API": self.mock.address,
            "LAMBDA_TASK_ROOT": self.folder,
            "_HANDLER": "handler.main",
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "AWS_LAMBDA_FUNCTION_VERSION": "7",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKID",
            "AWS_SECRET_ACCESS_KEY": "secret",
            # Nothing listens there: who goes through a proxy gets nowhere.
            "http_proxy": "http://127.0.0.1:9",
            "all_proxy": "http://127.0.0.1:9",
        })
        for name, value in self.more.items():
            if value is None:
                env.pop(name, None)
            else:
                env[name] = value
        return env

    def __enter__(self):
        files = dict(self.files)
        if self.handler is not None:
            files["handler.lua"] = self.handler
        for name, text in files.items():
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        self.mock.__enter__()
        self.out = open(os.path.join(self.folder, "out"), "w+b")
        self.process = subprocess.Popen(
            [self.name, *self.arguments], executable=PROGRAM, env=self.environment(),
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.out, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.mock.stop()
            expect("it ends when it is turned away", 1, self.wait())
        log = self.log()
        complaint = COMPLAINT.search(log)
        if complaint or kind:
            print(log[-4000:])
        expect("no sanitizer complains", None, complaint and complaint.group(0))
        expect("no rule of the Runtime API is broken", [], self.mock.violations)
        self.mock.__exit__()
        self.out.close()
        shutil.rmtree(self.folder)

    def wait(self, seconds=HANGS_S):
        """The exit status; kills what does not end."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "still running"

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def log(self):
        self.out.flush()
        with open(self.out.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def invoke(self, body, **options):
        return self.mock.invoke(body, lambda: self.process.poll() is None, **options)

    def result(self, body, **options):
        """The decoded answer; for an error, what came as one."""
        answer = self.invoke(body, **options)
        return answer.json() if answer.kind == "response" else (answer.kind, answer.answer)


def run(checks):
    """All of them, or those whose names contain one of the arguments; ends with the tally."""
    words = [word for word in sys.argv[1:] if word != "-v"]
    for check in checks:
        if words and not any(word in check.__name__ for word in words):
            continue
        started = time.monotonic()
        try:
            check()
        except Exception:  # one check's surprise is not the others'
            expect(check.__name__ + " runs to its end", None, traceback.format_exc())
        if "-v" in sys.argv:
            print("%6.1f s  %s" % (time.monotonic() - started, check.__name__))
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**tally))
    sys.exit(0 if tally["failed"] == 0 else 1)
