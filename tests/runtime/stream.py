#!/usr/bin/env python3
"""Answers that go out while they are made; tests/cli/runtime_stream_test.sh runs it.

    stream.py [-v] [NAME...]    only the checks whose names contain one of these; -v: times
"""
import json
import os
import subprocess

from mock import HANGS_S, Event, decode_trailer
from program import PROGRAM, Function, contains, expect, in_time, run

CHECKS = []
HANDLER = """
local task = require "task"
local kept
local function is_there(path)
  local file <close> = io.open(path)
  return file ~= nil
end
local function until_told()
  while not is_there "go on" do task.sleep(10) end
end
return function(event, context)
  if event.early then error "before anything" end
  local write = context.stream(event.options)
  if event.opened then error "opened, nothing written" end
  if event.again then context.stream(event.options) end
  kept = kept or write
  for i = 1, event.times or 0 do
    write(event.text)
    if event.pauses then until_told() end
  end
  if event.big then write(("x"):rep(event.big)) end
  if event.many then task.map({ "a", "b", "c", "d" }, function(text) write(text) end) end
  if event.fail then error "in the middle" end
  if event.sleep then task.sleep(event.sleep) end
  if event.kept then kept("x") end
  return "nobody reads this"
end
"""


def check(function):
    CHECKS.append(function)
    return function


@check
def an_http_answer():
    with Function(HANDLER) as f:
        answer = f.invoke({"times": 3, "text": "a\0b", "options": {
            "status": 201, "headers": {"content-type": "image/webp"}, "cookies": ["a=1", "b=2"]}},
            headers={"Lambda-Runtime-Invocation-Id": "one"})
        headers = answer.answer_headers
        expect("streaming is said", ("streaming", "chunked", "close"), tuple(
            headers.get(name) for name in ("Lambda-Runtime-Function-Response-Mode",
                                           "Transfer-Encoding", "Connection")))
        expect("the trailers are announced",
               "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
               headers.get("Trailer"))
        expect("its type", "application/vnd.awslambda.http-integration-response",
               headers.get("Content-Type"))
        expect("well-formed chunks", "chunked", answer.framing)
        prelude, _, body = answer.answer.partition(b"\0" * 8)
        expect("the prelude", {"statusCode": 201, "headers": {"content-type": "image/webp"},
                               "cookies": ["a=1", "b=2"]}, json.loads(prelude))
        expect("eight zeros, then the body", b"a\0b" * 3, body)
        expect("no error", {}, answer.trailers)
        expect("the next event is served", "response", f.invoke({"options": {}}).kind)
        expect("on a connection of its own", 3, len(f.mock.connections))


@check
def plain_bytes():
    with Function(HANDLER) as f:
        answer = f.invoke({"times": 1, "text": "abc", "options": {}})
        expect("as they are", b"abc", answer.answer)
        expect("their type", "application/octet-stream", answer.answer_headers["Content-Type"])
        answer = f.invoke({"times": 1, "text": "abc", "options": {"content_type": "text/csv"}})
        expect("or another", "text/csv", answer.answer_headers["Content-Type"])
        answer = f.invoke({"options": {"status": 204}})
        expect("nothing at all", b'{"statusCode":204}' + b"\0" * 8, answer.answer)
        expect("in chunks, too", "chunked", answer.framing)


@check
def pieces_go_out_as_they_are_made():
    with Function(HANDLER) as f:
        answer = f.mock.send(Event(b'{"times":4,"text":"piece","pauses":true,"options":{}}'))
        expect("the first comes before there is a second", True,
               f.mock.wait_for(lambda _: len(answer.pieces) > 0))
        expect("which is not yet written", None, answer.kind)
        with open(os.path.join(f.folder, "go on"), "w", encoding="ascii"):
            pass
        answer.done.wait(HANGS_S)
        expect("all of them", b"piece" * 4, answer.answer)


@check
def far_more_than_a_response_may_be():
    with Function(HANDLER) as f:
        answer = f.invoke({"big": 20000000, "options": {}})
        expect("20 MB", 20000000, len(answer.answer))
        answer = f.invoke({"many": 1, "options": {}})
        expect("of tasks side by side", b"abcd", bytes(sorted(answer.answer)))


@check
def an_error_in_the_middle():
    with Function(HANDLER) as f:
        answer = f.invoke({"times": 2, "text": "half", "fail": 1, "options": {"status": 200}})
        expect("what was written arrives", True, answer.answer.endswith(b"halfhalf"))
        expect("it counts as a response", "response", answer.kind)
        expect("the type follows", "Function.LuaError",
               answer.trailers.get("Lambda-Runtime-Function-Error-Type"))
        contains("and the rest of it", "in the middle", decode_trailer(answer)["errorMessage"])
        contains("the log says it", "in the middle", f.log())
        in_time((1, 4, 16), lambda timeout_s: [
            ("the deadline, too", "Function.Deadline", f.invoke(
                {"times": 1, "text": "x", "sleep": 60000, "options": {}}, timeout_s=timeout_s
            ).trailers.get("Lambda-Runtime-Function-Error-Type"))])
        expect("the next event is served", "response", f.invoke({"options": {}}).kind)


@check
def an_error_before_the_first_byte():
    with Function(HANDLER) as f:
        for event in ({"early": 1}, {"opened": 1, "options": {"status": 200}}):
            answer = f.invoke(event)
            expect("is an error like any", ("error", "length"), (answer.kind, answer.framing))


@check
def a_reader_that_goes_away():
    with Function(HANDLER) as f:
        f.invoke({"times": 1, "text": "x", "options": {}}, status=500)
        expect("a broken state ends the process", 1, f.wait())


@check
def wrong_calls():
    with Function(HANDLER) as f:
        for options, wanted in (
                ({"stat": 1}, "unknown field 'stat'"), ({"status": "200"}, "field 'status'"),
                ({"status": 99}, "field 'status'"), ({"status": 200.5}, "field 'status'"),
                ({"headers": {"a": 1}}, "field 'headers'"), ({"headers": "x"}, "field 'headers'"),
                ({"cookies": {"a": "b"}}, "field 'cookies'"), ({"content_type": 1}, "content_type"),
                ({"status": 200, "content_type": "a/b"}, "content_type")):
            answer = f.invoke({"options": options})
            expect(f"{options} is an error", "error", answer.kind)
            contains("that names the field", wanted, answer.json()["errorMessage"])
        contains("two streams", "open already",
                 f.invoke({"again": 1, "options": {}}).json()["errorMessage"])
        f.invoke({"options": {}})
        contains("a stream of another invocation", "is over",
                 f.invoke({"kept": 1, "options": {}}).json()["errorMessage"])


@check
def locally_it_is_the_result():
    with Function(HANDLER) as f:
        event = json.dumps({"times": 2, "text": "abc", "options": {"status": 200}})
        result = subprocess.run(
            [PROGRAM, "invoke", "--handler", os.path.join(f.folder, "handler.lua"), "--store",
             os.path.join(f.folder, "store")], input=event.encode(), capture_output=True,
            timeout=HANGS_S, check=False)
        expect("what was written", (0, b"abcabc\n"), (result.returncode, result.stdout))


run(CHECKS)
