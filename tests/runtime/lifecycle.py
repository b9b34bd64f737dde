#!/usr/bin/env python3
"""A Lambda runtime over its whole life: what it keeps between events, how it ends, how it crashes.
tests/cli/runtime_life_test.sh runs it.

    lifecycle.py [-v] [NAME...]    only the checks whose names contain one of these; -v: times

INVOCATIONS is how many warm invocations have to leave no trace (default 10000), SLOW_NEXT_S how long
an event may let wait for itself (default 20; it waits while the other checks run).
"""
import ctypes
import glob
import http.server
import json
import os
import platform
import threading
import time

from mock import HANGS_S, Event
from program import SANITIZED, Function, contains, expect, in_time, run, skip

ECHO = "return function(event) return event end"
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


# ---- waiting -------------------------------------------------------------------------------------

def wait_for(condition):
    """Until it holds; whether it did."""
    ends = time.monotonic() + HANGS_S
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.01)
    return True


class Patient:
    function = since = None

    @classmethod
    def begin(cls):
        if cls.function is None:
            cls.function = Function(ECHO).__enter__()
            cls.since = time.monotonic()


@check
def slow_next_begins():
    Patient.begin()


# ---- the end -------------------------------------------------------------------------------------

# Lambda kills 500 ms after SIGTERM. The program ends before that by its own clock, also when a busy
# machine did not let it come to its answer: one time of several has to go well.
ENDS_S = [0.5] * 5


def ends_in_time(f, most_s):
    """After SIGTERM: (what, wanted, got) of its end."""
    started = time.monotonic()
    f.signal()
    return [("it ends well", 0, f.wait()),
            ("before Lambda ends it", True, time.monotonic() - started < most_s)]


@check
def sigterm_when_idle():
    def attempt(most_s):
        with Function(ECHO) as f:
            expect("it registers as an extension for no event", ["lunette"], f.mock.extensions
                   if f.mock.wait_for(lambda mock: mock.waiting and mock.extension_waits) else None)
            f.result(1)
            f.mock.wait_for(lambda mock: mock.waiting == 1)
            return ends_in_time(f, most_s) + [("without a word", "", f.log())]
    in_time(ENDS_S, attempt)


@check
def sigterm_in_an_invocation():
    handler = """
    local task, log = require "task", require "log"
    return function(event)
      log.info "begun"
      local mark <close> = setmetatable({}, { __close = function() log.info "closed" end })
      if event.spin then while true do pcall(function() while true do end end) end end
      if event.wait then task.sleep(60000) end
      if event.clean then pcall(task.sleep, 60000) log.info "flushed" return "in time" end
    end
    """
    for event, wanted in (({"wait": 1}, ("error", "closed")),
                          ({"spin": 1}, ("error", "its time was up")),
                          ({"clean": 1}, ("response", "flushed"))):
        def attempt(most_s):
            with Function(handler) as f:
                sent = f.mock.send(Event(json.dumps(event).encode()))
                expect("it begins", True, wait_for(lambda: "begun" in f.log()))
                return [(f"{event}: {what}", wanted, got) for what, wanted, got in
                        ends_in_time(f, most_s) + [
                            ("the answer goes out", wanted[0], sent.kind),
                            ("and what the script had to say", True, wanted[1] in f.log())]]
        in_time(ENDS_S, attempt)


@check
def no_extension_where_none_is_wanted():
    with Function(ECHO, env={"LUNETTE_EXTENSION": "no"}) as f:
        f.result(1)
        expect("none is registered", [], f.mock.extensions)
    function = Function(ECHO)
    function.mock.refuse_extensions = True
    with function as f:
        expect("and without one all works", 1, f.result(1))


# ---- what is kept between events -----------------------------------------------------------------

def resident_kb(f):
    with open(f"/proc/{f.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def descriptors(f):
    return len(os.listdir(f"/proc/{f.process.pid}/fd"))


def at_rest(f, event):
    """The most that it holds while it waits for the next event, of some events' ends."""
    most = 0
    for i in range(20):
        f.invoke(event(i))
        f.mock.wait_for(lambda mock: mock.waiting)
        most = max(most, resident_kb(f))
    return most, descriptors(f)


def stays_small(what, f, count, warm_up, event):
    for i in range(warm_up):
        f.invoke(event(i))
    before = at_rest(f, event)
    for i in range(count):
        f.invoke(event(i), headers={
            "Lambda-Runtime-Trace-Id": "Root=1-%08x-%024x;Parent=%016x;Sampled=1" % (i, i, i)})
    after = at_rest(f, event)
    print(f"{what}: {before[0]} kB, {after[0]} kB after {count} more; idle descriptors {after[1]}")
    expect(f"{what}: no descriptor is leaked", before[1], after[1])
    if SANITIZED:
        skip(f"{what}: drift", "a sanitizer keeps memory")
    else:
        expect(f"{what}: drift below 1 MB", True,
               after[0] - before[0] < 1024 or (before[0], after[0]))


@check
def warm_invocations_leave_no_trace():
    handler = """
    local log = require "log"
    local n = 0
    return function(event, context)
      n = n + 1
      log.append { n = n }
      if n % 10 == 0 then error("the " .. n .. "th") end
      return { n = n, trace = context.trace_id, text = ("x"):rep(event.length) }
    end
    """
    count = int(os.environ.get("INVOCATIONS", 1000 if SANITIZED else 10000))
    with Function(handler, env={"AWS_LAMBDA_LOG_LEVEL": "FATAL"}) as f:
        stays_small("warm invocations", f, count, 300, lambda i: {"length": i * 37 % 50000})


class Store(http.server.BaseHTTPRequestHandler):
    """Gives any key the same photo, takes anything."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    photo = b""

    def reply(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"e"')
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(self.photo)

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(b"")

    def log_message(self, *_):
        pass


class Photos:
    """A store on loopback; `env` makes a function use it."""

    def __enter__(self):
        folder = os.environ.get("SAMPLES", "build/samples")
        with open(max(glob.glob(folder + "/*.jpg"), key=os.path.getsize), "rb") as file:
            Store.photo = file.read()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.env = {"AWS_ENDPOINT_URL": "http://127.0.0.1:%d" % self.server.server_port,
                    "http_proxy": None, "all_proxy": None, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"}
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


# As many renders at a time as there are workers, so that each soon has all the memory it will have.
RENDER = """
local s3, image, task = require "s3", require "image", require "task"
return function(event)
  local object = s3.get { bucket = "uploads", key = event.key }
  local photo <close> = image.open(object.body)
  local size = 0
  for i = 1, event.times do
    task.map({ 160, 200, 300, 400 }, function(width)
      size = size + #photo:render { width = width * event.factor, height = 8000 }.bytes
    end)
  end
  return size
end
"""


@check
def images_leave_no_trace():
    with Photos() as photos, Function(RENDER, env=photos.env) as f:
        stays_small("invocations with a photo", f, 20 if SANITIZED else 200, 10,
                    lambda i: {"key": f"{i}.jpg", "times": 1, "factor": 1})


# ---- crashes -------------------------------------------------------------------------------------

# Seconds of a processor in one call, in which no thread waits for anything.
LONG_RENDER = """
local s3, image = require "s3", require "image"
return function(event)
  local object = s3.get { bucket = "uploads", key = event.key }
  local photo <close> = image.open(object.body)
  photo:render { width = 4000, enlarge = true, format = "webp", lossless = true }
end
"""


def work_of(pid, thread):
    """How often a thread has waited, and its processor time in ticks."""
    with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
        waits = int(file.read().rsplit("\nvoluntary_ctxt_switches:", 1)[1].split()[0])
    with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return waits, int(fields[11]) + int(fields[12])


def busy_worker(pid):
    """A thread, not the main one, that is deep in computing: it has had its processor for a while,
    and waited for nothing. One that only could run may be between two jobs."""
    first, ends = {}, time.monotonic() + HANGS_S
    while time.monotonic() < ends:
        for thread in os.listdir(f"/proc/{pid}/task"):
            waits, ticks = work_of(pid, thread)
            known = first.get(thread)
            if known is None or known[0] != waits:
                first[thread] = waits, ticks
            elif int(thread) != pid and ticks >= known[1] + 5:
                return int(thread)
        time.sleep(0.01)
    raise AssertionError(f"no thread of {pid} was seen at work on a picture")


def kill_thread(pid, thread, number):
    tgkill = {"x86_64": 234, "aarch64": 131}[platform.machine()]
    ctypes.CDLL(None).syscall(tgkill, pid, thread, number)


@check
def a_crash_in_a_decoder_names_the_object():
    if SANITIZED:
        skip("a crash's last words", "the sanitizer has the last word")
        return
    with Photos() as photos, Function(LONG_RENDER, env=photos.env) as f:
        f.mock.send(Event(b'{"key":"2026/bad \\"one\\".jpg"}'))
        kill_thread(f.process.pid, busy_worker(f.process.pid), 11)
        expect("the signal ends the process", -11, f.wait())
        lines = [json.loads(line) for line in f.log().splitlines()]
        expect("one line", 1, len(lines))
        expect("that names all", ("FATAL", "SIGSEGV", "image.render", 'uploads/2026/bad "one".jpg'),
               tuple(lines[0].get(name) for name in ("level", "signal", "operation", "object")))
        expect("with the invocation", True, "function_request_id" in lines[0])


@check
def the_deadline_says_what_was_in_flight():
    # It is cut short in the render, unless the machine was so busy that it did not come so far.
    def attempt(timeout_s):
        answer = f.invoke({"key": "a.jpg"}, timeout_s=timeout_s)
        message = answer.json()["errorMessage"] if answer.kind == "error" else answer.answer
        wanted = "in flight then: image.render of uploads/a.jpg"
        return [("an error", "error", answer.kind), ("which says so", wanted, wanted
                                                     if wanted in str(message) else message)]
    with Photos() as photos, Function(LONG_RENDER, env=photos.env) as f:
        in_time((1, 2, 4, 8, 16), attempt)


# ---- several at a time ---------------------------------------------------------------------------

WORKER = """
local task = require "task"
local file <close> = io.open "/proc/self/stat"
local pid = file:read "n"
local function is_there(path)
  local file <close> = io.open(path)
  return file ~= nil
end
return function(event)
  while not is_there "go on" do task.sleep(10) end
  return pid
end
"""
FOUR = {"AWS_LAMBDA_MAX_CONCURRENCY": "4", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "2048"}


def at_once(f, count):
    """What as many workers answer to an event each, all in the midst of it at the same time."""
    events = [f.mock.send(Event(b"{}")) for _ in range(count)]
    together = f.mock.wait_for(lambda mock: sum(
        sent.state == "running" for sent in mock.running.values()) == count)
    expect(f"{count} are worked on at a time", True, together)
    with open(os.path.join(f.folder, "go on"), "w", encoding="ascii"):
        pass
    for sent in events:
        sent.done.wait(HANGS_S)
    return [sent.json() for sent in events if sent.kind == "response"]


def children(f):
    with open(f"/proc/{f.process.pid}/task/{f.process.pid}/children", encoding="ascii") as file:
        return sorted(int(pid) for pid in file.read().split())


@check
def several_workers_at_a_time():
    with Function(WORKER, env=FOUR) as f:
        expect("all four wait", True, f.mock.wait_for(lambda mock: mock.waiting == 4))
        pids = at_once(f, 4)
        expect("each in a process of its own", children(f), sorted(pids))
        expect("one of them registered", ["lunette"], f.mock.extensions)
        victim = pids[0]
        f.mock.wait_for(lambda mock: mock.waiting == 4)
        time.sleep(1)
        os.kill(victim, 9)
        expect("one that is killed is replaced", True, f.mock.wait_for(
            lambda mock: victim not in children(f) and len(children(f)) == 4
            and mock.nexts >= 9))
        contains("and the log says it", "a worker crashed", f.log())


@check
def sigterm_ends_several_workers():
    def attempt(most_s):
        with Function(WORKER, env=FOUR) as f:
            f.mock.wait_for(lambda mock: mock.waiting == 4)
            workers = children(f)
            ended = ends_in_time(f, most_s)
            return ended + [("all of them", [], [pid for pid in workers
                                                 if os.path.exists(f"/proc/{pid}")])]
    in_time(ENDS_S, attempt)


@check
def several_workers_that_can_not_start():
    with Function("error 'not today'", env=FOUR) as f:
        expect("it ends", 1, f.wait())
        expect("and has said why", True, 1 <= len(f.mock.init_errors) <= 4)


@check
def slow_next_has_no_timeout():
    Patient.begin()
    left = float(os.environ.get("SLOW_NEXT_S", 20)) - (time.monotonic() - Patient.since)
    time.sleep(max(0, left))
    expect("an event that took its time", 1, Patient.function.result(1))
    expect("was asked for once", True, Patient.function.mock.nexts <= 2)
    Patient.function.__exit__(None)


run(CHECKS)
