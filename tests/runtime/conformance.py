#!/usr/bin/env python3
"""What a Lambda runtime must do, a function for each; tests/cli/runtime_test.sh runs them.

    conformance.py [-v] [NAME...]    only the checks whose names contain one of these; -v: times

LUNETTE names the program, or BOOTSTRAP, which wins: the packaged one.
"""
import http.server
import json
import re
import socket
import threading
import time

from mock import ERROR_TYPE, HANGS_S, LEAVE_OUT, RESPONSE_MAX, Event
from program import Function, contains, expect, in_time, run

ECHO = "return function(event) return event end"
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def headers_of(mock, path):
    return [headers for _, at, headers in mock.requests if at.endswith(path)]


def error_of(answer):
    """(type, message) of an answer that should be an error, checked for its form."""
    document = answer.json()
    expect("it is an error", "error", answer.kind)
    expect("header and body agree on the type", document["errorType"],
           answer.answer_headers.get("Lambda-Runtime-Function-Error-Type"))
    contains("the type is one that the service keeps", "yes",
             "yes" if ERROR_TYPE.match(document["errorType"]) else document["errorType"])
    return document["errorType"], document["errorMessage"]


# ---- events and their headers --------------------------------------------------------------------

@check
def next_many_times_on_one_connection():
    with Function(ECHO) as f:
        for i in range(50):
            expect("an event comes back", {"i": i}, f.result({"i": i}))
        expect("over one connection", 1, len(f.mock.connections))
        expect("the process still runs", None, f.process.poll())
        expect("each event was handed out once", 51, f.mock.nexts if f.mock.wait_for(
            lambda mock: mock.nexts == 51) else f.mock.nexts)


CONTEXT = """
return function(_, context)
  context.remaining_ms, context.stream = context.remaining_ms(), nil
  context.variable = os.getenv "_X_AMZN_TRACE_ID"
  return context
end
"""


@check
def every_header_reaches_the_handler():
    with Function(CONTEXT) as f:
        answer = f.invoke({}, timeout_s=300, headers={
            "Lambda-Runtime-Client-Context": '{"custom":{"a":1}}',
            "Lambda-Runtime-Cognito-Identity":
                '{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
            "Lambda-Runtime-Aws-Tenant-Id": "blue",
            "Lambda-Runtime-Aws-Request-Id": "chosen-1"})
        context = answer.json()
        deadline_ms = int(answer.headers["Lambda-Runtime-Deadline-Ms"])
        left_ms = context.pop("remaining_ms")
        expect("the time that is left", True, deadline_ms - time.time() * 1000 < left_ms <= 300000)
        expect("the deadline is a time", deadline_ms, context.pop("deadline_ms"))
        expect("everything else", {
            "request_id": "chosen-1", "function_name": "f", "function_version": "7",
            "function_arn": "arn:aws:lambda:eu-west-1:1:function:f", "memory_mb": 256,
            "trace_id": "Root=1-5e-1;Parent=53;Sampled=1",
            "variable": "Root=1-5e-1;Parent=53;Sampled=1", "tenant_id": "blue",
            "client_context": {"custom": {"a": 1}},
            "identity": {"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"},
            "cold_start": True}, context)


@check
def missing_optional_headers():
    absent = {name: LEAVE_OUT for name in (
        "Lambda-Runtime-Deadline-Ms", "Lambda-Runtime-Trace-Id",
        "Lambda-Runtime-Invoked-Function-Arn", "Content-Type")}
    with Function(CONTEXT) as f:
        f.result({})
        context = f.result({}, headers=absent)
        expect("no deadline is no bound", 2**63 - 1, context["deadline_ms"])
        expect("what was not sent is not there", [], [
            name for name in ("trace_id", "variable", "function_arn", "tenant_id",
                              "client_context", "identity") if name in context])
        expect("the second event is warm", False, context["cold_start"])


@check
def header_names_in_any_case():
    with Function(CONTEXT) as f:
        for change in (str.lower, str.upper):
            event = Event(b"{}")
            wanted = {"request_id": event.id,
                      "trace_id": event.headers["Lambda-Runtime-Trace-Id"],
                      "deadline_ms": int(event.headers["Lambda-Runtime-Deadline-Ms"])}
            event.headers = {change(name): value for name, value in event.headers.items()}
            f.mock.send(event).done.wait(HANGS_S)
            got = event.json()
            expect("they are read", wanted, {name: got.get(name) for name in wanted})


@check
def an_event_of_6_mib():
    text = "x" * (6 * 1024 * 1024 - 12)
    with Function("return function(event) return #event.text end") as f:
        expect("all of it arrives", len(text), f.result({"text": text}))


@check
def an_event_that_is_no_json():
    with Function(ECHO) as f:
        kind, message = error_of(f.invoke(b'{"a":'))
        contains("it is said", "the event can't be read", message)
        expect("and the next one is served", [1], f.result([1]))
        kind, message = error_of(f.invoke(b""))
        contains("nothing is no JSON either", "the event can't be read", message)


@check
def an_odd_request_id():
    with Function(ECHO) as f:
        expect("it is answered under its name", 1, f.result(
            1, headers={"Lambda-Runtime-Aws-Request-Id": "a:b~c@d"}))


@check
def invocation_id_is_echoed():
    with Function("return function(event) if event.fail then error 'no' end return 1 end") as f:
        for event in ({}, {"fail": True}):
            for invocation_id in ("one", "two"):
                answer = f.invoke(event, headers={"Lambda-Runtime-Invocation-Id": invocation_id})
                expect("with the answer", invocation_id,
                       answer.answer_headers.get("Lambda-Runtime-Invocation-Id"))
            expect("only where there was one", None,
                   f.invoke(event).answer_headers.get("Lambda-Runtime-Invocation-Id"))


@check
def user_agent_and_no_proxy():
    with Function(ECHO) as f:  # its environment names a proxy where nobody listens
        expect("it gets through", 1, f.result(1))
        agents = {headers.get("User-Agent") for _, _, headers in f.mock.requests}
        expect("every call says who calls", True,
               all(re.match(r"^lunette/\d+\.\d+\.\d+$", agent or "") for agent in agents))


# ---- answers -------------------------------------------------------------------------------------

@check
def a_response_is_json_with_its_length():
    with Function("return function() return { text = 'a\\0b', list = {} } end") as f:
        answer = f.invoke({})
        expect("202 and done", "response", answer.kind)
        expect("its type", "application/json", answer.answer_headers["Content-Type"])
        expect("its length is said", "length", answer.framing)
        expect("nothing is expected of the server first", None, answer.answer_headers.get("Expect"))
        expect("NUL bytes arrive", "a\0b", answer.json()["text"])


@check
def null_answers():
    with Function("return function() end") as f:
        expect("nothing is null", b"null", f.invoke({}).answer)


@check
def a_response_at_the_limit_and_above():
    with Function("return function(event) return ('x'):rep(event.length) end") as f:
        answer = f.invoke({"length": RESPONSE_MAX - 2})
        expect("6291556 bytes are taken", ("response", RESPONSE_MAX),
               (answer.kind, len(answer.answer)))
        kind, message = error_of(f.invoke({"length": RESPONSE_MAX - 1}))
        expect("one more is an error", "Function.ResponseSizeTooLarge", kind)
        contains("that says how much it was", "6291557 bytes", message)
        contains("and how much may be", "6291556", message)
        contains("and what to do", "S3", message)
        expect("and the next event is served", "xx", f.result({"length": 2}))


@check
def the_service_says_413():
    with Function(ECHO) as f:
        f.invoke({}, status=413)
        expect("the next event is served", 1, f.result(1))
        expect("and no /error was sent", [], headers_of(f.mock, "/error"))
        contains("the log says it", "too large", f.log())


@check
def the_service_says_410():
    with Function("return function(event) if event == 2 then error 'no' end return 1 end") as f:
        f.invoke(1, status=410)
        f.invoke(2, status=410)
        expect("the next event is served", 1, f.result(3))
        contains("the log says it", "too late", f.log())


@check
def wrong_states_end_the_process():
    for status in (400, 403, 500):
        with Function(ECHO) as f:
            f.invoke({}, status=status)
            expect(f"{status} to an answer", 1, f.wait())
            expect("no further event was asked for", 1, f.mock.nexts)
            contains("the log says why", f"answered with {status}", f.log())


@check
def a_broken_connection_in_an_answer_ends_the_process():
    with Function(ECHO) as f:
        f.invoke({"x": 1}, reset=True)
        expect("it ends", 1, f.wait())
        expect("no further event was asked for", 1, f.mock.nexts)


@check
def next_refused_ends_the_process():
    for status in (403, 500):
        with Function(ECHO) as f:
            f.result(1)
            f.mock.wait_for(lambda mock: mock.waiting == 1)
            f.mock.stop(status)
            expect(f"{status} to /next", 1, f.wait())


@check
def next_reset_is_tried_again_a_few_times():
    with Function(ECHO) as f:
        f.result(1)
        f.mock.wait_for(lambda mock: mock.waiting == 1)
        with f.mock.lock:
            f.mock.next_faults = ["reset"]
        f.result(1)
        expect("one reset is survived", 2, f.result(2))
        with f.mock.lock:
            f.mock.next_faults = ["reset"] * 50
        f.mock.send(Event(b"3"))
        expect("many are not", 1, f.wait())
        asked = 50 - len(f.mock.next_faults)
        expect("and it does not spin", True, 2 <= asked <= 6)


# ---- errors of the function ----------------------------------------------------------------------

FAILING = """
local function deeper(event) error(event.fail) end
return {
  main = function(event)
    if event.object then error(event.object, 0) end
    if event.fail then deeper(event) end
    if event.bytes then error("\\xff\\xfe \\u{e9}\\n\\0end", 0) end
    if event.control then error("a key with \\127 in it", 0) end
    if event.code then require("failure").raise { code = event.code, message = "m" } end
    if event.eat then local t = {} while true do t[#t + 1] = ("x"):rep(100000) .. #t end end
    if event.exit then os.exit(0) end
    if event.null then error() end
    return "fine"
  end,
}
"""


@check
def a_lua_error_ends_the_invocation_only():
    with Function(FAILING) as f:
        answer = f.invoke({"fail": "no luck"})
        kind, message = error_of(answer)
        expect("its type", "Function.LuaError", kind)
        expect("its message", "./handler.lua:2: no luck".replace("./", ""), message)
        document = answer.json()
        expect("the lines of the handler", True, len(document["stackTrace"]) >= 2 and all(
            re.match(r"^handler\.lua:\d+: in ", line) for line in document["stackTrace"]))
        expect("the id", answer.id, document["requestId"])
        expect("as JSON", "application/json", answer.answer_headers["Content-Type"])
        cause = json.loads(answer.answer_headers["Lambda-Runtime-Function-XRay-Error-Cause"])
        expect("X-Ray's cause: type and message", [("Function.LuaError", message)],
               [(e["type"], e["message"]) for e in cause["exceptions"]])
        expect("X-Ray's cause: the first line", ("handler.lua", 2),
               (cause["exceptions"][0]["stack"][0]["path"],
                cause["exceptions"][0]["stack"][0]["line"]))
        expect("X-Ray's cause: the files", ["handler.lua"], cause["paths"])
        expect("X-Ray's cause: the folder", f.folder, cause["working_directory"])
        for event in ({"exit": 1}, {"eat": 1}, {"null": 1}, {"object": {"a": 1}},
                      {"object": {"message": "m"}}):
            error_of(f.invoke(event))
        expect("and the process goes on", "fine", f.result({}))
        expect("as the same one", None, f.process.poll())


@check
def error_types_are_accepted_by_the_service():
    with Function(FAILING) as f:
        for code, wanted in (
                ("NoSuchKey", "Function.NoSuchKey"), ("bad_image", "Function.BadImage"),
                ("too_large", "Function.TooLarge"), ("x", "Function.Error"),
                ("404", "Function.Error"), ("S3 says: No!", "Function.SSaysNo"),
                ("a" * 63, "Function.A" + "a" * 62), ("\u00e9t\u00e9", "Function.Error")):
            expect(f"of code {code}", wanted, error_of(f.invoke({"code": code}))[0])


@check
def errors_in_any_encoding():
    with Function(FAILING) as f:
        answer = f.invoke({"bytes": True})
        kind, message = error_of(answer)
        expect("what is no UTF-8 is replaced, all else arrives", "\ufffd\ufffd \u00e9\n",
               message[:5])
        json.loads(answer.answer_headers["Lambda-Runtime-Function-XRay-Error-Cause"]
                   .encode("latin-1").decode("utf-8"))
        answer = f.invoke({"control": True})
        expect("a control byte arrives", "a key with \x7f in it", error_of(answer)[1])
        expect("but not in a header", [], [name for name, value in answer.answer_headers.items()
                                           if "\x7f" in value])


@check
def a_long_error_is_cut():
    with Function(FAILING) as f:
        kind, message = error_of(f.invoke({"fail": "long " * 100000}))
        expect("it arrives all the same", True, 500 < len(message) < 5000)


# ---- the start -----------------------------------------------------------------------------------

def refused(what, wanted_type, wanted_text, handler, **options):
    with Function(handler, **options) as f:
        expect(f"{what}: exit status", 1, f.wait())
        expect(f"{what}: /init/error once", 1, len(f.mock.init_errors))
        expect(f"{what}: no event was asked for", 0, f.mock.nexts)
        if f.mock.init_errors:
            headers, body = f.mock.init_errors[0]
            document = json.loads(body)
            expect(f"{what}: type", (wanted_type, wanted_type),
                   (headers["Lambda-Runtime-Function-Error-Type"], document["errorType"]))
            contains(f"{what}: message", wanted_text, document["errorMessage"])
            expect(f"{what}: lines", True, isinstance(document["stackTrace"], list))
        line = f.log().splitlines()[-1]
        contains(f"{what}: the log's one line", wanted_text, line)
        expect(f"{what}: at level FATAL", "FATAL", json.loads(line)["level"])


@check
def init_error_then_exit():
    refused("no handler", "Runtime.ImportModuleError", "there is no handler 'handler.lua'", None)
    refused("a syntax error", "Runtime.UserCodeSyntaxError", "handler.lua:1:", "return {")
    refused("no function", "Runtime.HandlerNotFound", "it must return a function", "return 7")
    refused("another entry", "Runtime.HandlerNotFound", "'other' is missing",
            "return { main = print }", env={"_HANDLER": "handler.other"})
    refused("a raise", "Function.LuaError", "handler.lua:1: not today", "error 'not today'")
    refused("a missing module", "Function.LuaError", "module 'nowhere' not found",
            "require 'nowhere'")
    refused("a handler's name", "Runtime.MalformedHandlerName", "'handler.'", ECHO,
            env={"_HANDLER": "handler."})
    refused("a knob", "Function.Usage", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE is 'much'", ECHO,
            env={"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "much"})
    refused("a log level", "Function.Usage", "LUNETTE_LOG_LEVEL is 'loud'", ECHO,
            env={"LUNETTE_LOG_LEVEL": "loud", "AWS_LAMBDA_LOG_FORMAT": "JSON"})
    refused("no credentials", "Function.Credentials", "AWS_ACCESS_KEY_ID", ECHO,
            env={"AWS_ACCESS_KEY_ID": None})


@check
def no_runtime_api_at_all():
    with Function(ECHO, env={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9"}) as f:
        expect("it ends", 1, f.wait())
        contains("and says why", "no event can be had from the Runtime API", f.log())
    with Function(ECHO, env={"AWS_LAMBDA_RUNTIME_API": "http://x/"}) as f:
        expect("a wrong address", 1, f.wait())
        contains("is said", "must be HOST:PORT", f.log())


@check
def handler_forms():
    files = {"rules/images.lua": "return { main = function() return 'main' end,"
                                 " thumbs = function() return 'thumbs' end }"}
    for name, wanted in (("rules/images.main", "main"), ("rules.images.thumbs", "thumbs"),
                         ("rules/images", "main"), ("rules/images.lua", "main"),
                         ("rules/images.lua:main", "main"), (None, "plain"), ("handler", "plain"),
                         ("handler.anything", "plain")):
        with Function("return function() return 'plain' end", files, {"_HANDLER": name}) as f:
            expect(f"_HANDLER {name}", wanted, f.result({}))
    with Function(ECHO, arguments=("handler.main",)) as f:
        expect("the handler's name as an argument, as emulators do", 1, f.result(1))
    with Function(ECHO, name="lunette") as f:
        expect("under any name, without an argument", 1, f.result(1))


@check
def modules_of_the_task_and_of_layers():
    handler = """
    local mine, shared, hidden = require "mine", require "shared", require "lib.deep"
    return function() return { mine.name, shared.name, hidden.name } end
    """
    files = {"mine.lua": "return { name = 'task' }", "lib/deep.lua": "return { name = 'deep' }",
             "opt/mine.lua": "return { name = 'layer' }",
             "opt/shared/init.lua": "return { name = 'layer' }"}
    with Function(handler, files, {"LUNETTE_LIBRARY": "opt"}) as f:
        expect("the task's own wins", ["task", "layer", "deep"], f.result({}))


# ---- around an invocation ------------------------------------------------------------------------

@check
def the_deadline_leaves_time_to_answer():
    handler = """
    local task = require "task"
    return function(event)
      if event.spin then while true do pcall(function() while true do end end) end end
      local ok, err = pcall(task.sleep, 60000)
      return { err.code }
    end
    """
    # Before the end there is a tenth of the time for it, more than a busy machine may take.
    times_s = (2, 4, 8, 16)

    def took_s(answer):
        return answer.answered_at - answer.handed_out_at

    with Function(handler) as f:
        def caught(timeout_s):
            answer = f.invoke({}, timeout_s=timeout_s)
            return [("it can be caught, and answered", ["deadline"], answer.json()),
                    ("in time", True, took_s(answer) < timeout_s)]

        def swallowed(timeout_s):
            answer = f.invoke({"spin": True}, timeout_s=timeout_s)
            return [("it can't be swallowed for ever", "Function.Deadline", error_of(answer)[0]),
                    ("in time, too", True, took_s(answer) < 1.1 * timeout_s)]
        in_time(times_s, caught)
        in_time(times_s, swallowed)
        in_time(times_s, caught)


class Store(http.server.BaseHTTPRequestHandler):
    seen = []

    def do_GET(self):
        self.seen.append(self.headers)
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("Content-Length", "2")
        self.send_header("ETag", '"e"')
        self.end_headers()
        self.wfile.write(b"hi")

    def log_message(self, *_):
        pass


@check
def the_trace_id_goes_with_aws_requests():
    store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    handler = 'return function() return require "s3".get { bucket = "bucket", key = "k" }.body end'
    trace = "Root=1-abc;Parent=def;Sampled=0;Lineage=a:1|b:0"
    with Function(handler, env={"AWS_ENDPOINT_URL": "http://127.0.0.1:%d" % store.server_port,
                                "http_proxy": None, "all_proxy": None}) as f:
        expect("AWS is what a script talks to", "hi",
               f.result({}, headers={"Lambda-Runtime-Trace-Id": trace}))
        expect("the whole of it, as AWS's SDKs encode it", trace.replace("|", "%7C"),
               Store.seen[-1].get("X-Amzn-Trace-Id"))
        expect("unsigned", False, "x-amzn-trace-id" in Store.seen[-1]["authorization"].lower())
        f.result({}, headers={"Lambda-Runtime-Trace-Id": LEAVE_OUT})
        expect("and none where there is none", None, Store.seen[-1].get("X-Amzn-Trace-Id"))
    store.shutdown()
    store.server_close()


@check
def logs_as_lambda_wants_them():
    handler = """
    local log = require "log"
    return function() log.debug "d" log.info("i\\nj", { a = 1 }) print "p" error "e" end
    """
    with Function(handler) as f:
        answer = f.invoke({}, headers={"Lambda-Runtime-Trace-Id": "Root=1-5e-1;Sampled=0"})
        lines = [json.loads(line) for line in f.log().splitlines()]
        expect("JSON by default, from INFO on", [("INFO", "i\nj"), ("INFO", "p"),
                                                 ("ERROR", "the function failed")],
               [(line["level"], line["message"]) for line in lines])
        expect("each with the invocation's id", {answer.id},
               {line.get("function_request_id") for line in lines})
        expect("and its trace", {"1-5e-1"}, {line.get("xray_trace_id") for line in lines})
        expect("and a time", True, all(re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
                                                line["timestamp"]) for line in lines))
        expect("a failure says all", ("Function.LuaError", True, True),
               (lines[-1]["errorType"], lines[-1]["errorMessage"].endswith(": e"),
                len(lines[-1]["stackTrace"]) > 0))
    with Function(handler, env={"AWS_LAMBDA_LOG_FORMAT": "JSON",
                                "AWS_LAMBDA_LOG_LEVEL": "ERROR"}) as f:
        f.invoke({})
        expect("the platform's level", ["INFO p", "ERROR the function failed"],
               ["{level} {message}".format(**json.loads(line)) for line in f.log().splitlines()])
    with Function(handler, env={"AWS_LAMBDA_LOG_FORMAT": "Text",
                                "AWS_LAMBDA_LOG_LEVEL": "DEBUG"}) as f:
        answer = f.invoke({})
        expect("text", ["[DEBUG]", "[INFO]", "[INFO]", "[ERROR]"],
               [line.split("\t")[0] for line in f.log().splitlines()])
        expect("with the id", answer.id, f.log().split("\t")[2])


@check
def x_ray_is_told_of_each_call_when_the_invocation_is_sampled():
    handler = """
    local s3 = require "s3"
    return function()
      s3.get { bucket = "bucket", key = "ü.jpg" }
      pcall(s3.get, { bucket = "bucket", key = "missing" })
    end
    """
    store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon.bind(("127.0.0.1", 0))
    daemon.settimeout(HANGS_S)
    address = "127.0.0.1:%d" % daemon.getsockname()[1]
    with Function(handler, env={"AWS_ENDPOINT_URL": "http://127.0.0.1:%d" % store.server_port,
                                "http_proxy": None, "all_proxy": None,
                                "AWS_XRAY_DAEMON_ADDRESS": address}) as f:
        f.invoke({}, headers={"Lambda-Runtime-Trace-Id": "Root=1-5e-1;Parent=53;Sampled=0"})
        before = time.time()
        f.invoke({}, headers={"Lambda-Runtime-Trace-Id": "Root=1-5e-2;Parent=54;Sampled=1;Lineage=a:0"})
        told = []
        for _ in range(2):
            header, document = daemon.recv(65536).decode().split("\n", 1)
            expect("as the daemon takes it", {"format": "json", "version": 1}, json.loads(header))
            told.append(json.loads(document))
        daemon.settimeout(0.2)
        try:
            expect("nothing else", None, daemon.recv(65536))
        except socket.timeout:
            pass
    expect("each has an id", (2, True), (len({call["id"] for call in told}),
                                         all(re.match("^[0-9a-f]{16}$", call["id"]) for call in told)))
    expect("when", True, all(before - 1 < call["start_time"] <= call["end_time"] < time.time() + 1
                             for call in told))
    expect("of the sampled trace, and what was asked of whom",
           [("1-5e-2", "54", "subsegment", "aws", "S3")] * 2,
           [tuple(call[field] for field in ("trace_id", "parent_id", "type", "namespace", "name"))
            for call in told])
    expect("the first", ({"operation": "GetObject", "bucket_name": "bucket", "key": "ü.jpg",
                          "region": "eu-west-1"}, 200, None),
           (told[0]["aws"], told[0]["http"]["response"]["status"], told[0].get("error")))
    expect("the second", ("missing", 404, True, None),
           (told[1]["aws"]["key"], told[1]["http"]["response"]["status"], told[1].get("error"),
            told[1].get("fault")))
    daemon.close()
    store.shutdown()
    store.server_close()


@check
def one_line_of_metrics_for_each_invocation():
    handler = """
    local s3 = require "s3"
    return require "events".handler { created = function(upload)
      s3.get { bucket = upload.bucket, key = upload.key }
      return {}
    end }
    """
    store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    with Function(handler, env={"AWS_ENDPOINT_URL": "http://127.0.0.1:%d" % store.server_port,
                                "http_proxy": None, "all_proxy": None}) as f:
        for _ in range(2):
            answer = f.invoke({"bucket": "bucket", "key": "k"},
                              headers={"Lambda-Runtime-Trace-Id": "Root=1-5e-1;Sampled=0"})
        lines = [json.loads(line) for line in f.log().splitlines() if "_aws" in line]
        expect("one each", 2, len(lines))
        expect("of what was done", [(1, 2, 1), (1, 2, 1)],
               [(line["done"], line["bytes_in"], line["requests"]) for line in lines])
        expect("the first is a cold start", [1, None], [line.get("cold_start") for line in lines])
        expect("with the invocation's id and trace", [answer.id, "1-5e-1"],
               [lines[1]["request_id"], lines[1]["xray_trace_id"]])
        expect("with times and memory", True, lines[1]["get_ms"] > 0 and
               lines[1]["lua_ms"] > 0 and lines[1]["peak_memory_bytes"] > 1000000)
        units = {metric["Name"]: metric["Unit"]
                 for metric in lines[1]["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
        expect("in their units", ["Milliseconds", "Bytes", "Bytes", "Count"],
               [units[name] for name in ("decode_ms", "bytes_out", "peak_memory_bytes", "pixels")])
    store.shutdown()
    store.server_close()


run(CHECKS)
