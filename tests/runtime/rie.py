#!/usr/bin/env python3
"""AWS's own Runtime Interface Emulator in front of the program; `make test-rie` runs it.

    rie.py EMULATOR

Each of the program's sample events goes through the emulator, and has to come out as it does from
`lunette invoke`. BOOTSTRAP names another program to put behind it: the packaged one.
"""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from mock import HANGS_S
from program import PROGRAM, contains, expect, skip, tally

LUNETTE = os.path.abspath(os.environ.get("LUNETTE", "build/release/lunette"))
HANDLER = """
local events = require "events"
local image = require "image"
return function(event, context)
  if event.fail then error(event.fail) end
  if event.sleep then require("task").sleep(event.sleep) end
  if event.stream then
    local write = context.stream { status = 200, headers = { a = "b" } }
    write "streamed"
    return
  end
  if event.context then
    return { left = context.remaining_ms(), arn = context.function_arn, id = context.request_id,
      name = context.function_name, memory = context.memory_mb, client = context.client_context }
  end
  local ok, uploads = pcall(events.uploads, event)
  return { event = event, uploads = ok and uploads or tostring(uploads), image = type(image) }
end
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Emulator:
    def __init__(self, program, folder):
        self.port = free_port()
        env = {"PATH": os.environ["PATH"], "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a",
               "AWS_SECRET_ACCESS_KEY": "b", "AWS_LAMBDA_FUNCTION_TIMEOUT": "3",
               "AWS_LAMBDA_FUNCTION_NAME": "resize", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"}
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [program, "--log-level", "warn", "--runtime-interface-emulator-address",
             f"127.0.0.1:{self.port}", "--runtime-api-address", f"127.0.0.1:{free_port()}",
             "./bootstrap", "handler.main"],
            cwd=folder, env=env, stdout=self.log, stderr=subprocess.STDOUT)

    def invoke(self, body, headers=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations",
            json.dumps(body).encode(), headers or {})
        for _ in range(600):
            try:
                with urllib.request.urlopen(request, timeout=HANGS_S) as answer:
                    return answer.read()
            except urllib.error.URLError:
                time.sleep(0.1)  # it has not begun to listen
        return b"no answer"

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def samples():
    listing = subprocess.run([LUNETTE, "event"], capture_output=True, check=True, timeout=HANGS_S)
    for name in re.findall(r"^(\S+)", listing.stdout.decode(), re.MULTILINE):
        event = subprocess.run([LUNETTE, "event", name], capture_output=True, check=True, timeout=HANGS_S)
        yield name, json.loads(event.stdout)


def locally(folder, event):
    result = subprocess.run(
        [LUNETTE, "invoke", "--store", os.path.join(folder, "store"), "--handler",
         os.path.join(folder, "handler.lua")],
        input=json.dumps(event).encode(), capture_output=True, check=True, timeout=HANGS_S)
    return json.loads(result.stdout)


def check_all(emulator, folder):
    count = 0
    for name, event in samples():
        count += 1
        expect(f"event {name}", locally(folder, event), json.loads(emulator.invoke(event)))
    expect("there are sample events", True, count >= 4)
    failure = json.loads(emulator.invoke({"fail": "no luck"}))
    expect("an error's type", "Function.LuaError", failure.get("errorType"))
    contains("an error's message", "no luck", failure.get("errorMessage", ""))
    expect("an error's lines", True, failure.get("stackTrace", [""])[0].startswith("handler.lua:"))
    context = json.loads(emulator.invoke({"context": 1}, {
        "X-Amz-Client-Context": "eyJjdXN0b20iOnsiYSI6MX19"}))
    expect("the time that is left", True, 0 < context["left"] <= 3000)
    expect("the function", ("resize", 512), (context["name"], context["memory"]))
    if "client" in context:
        expect("the client's context", {"custom": {"a": 1}}, context["client"])
    else:
        skip("the client's context", "this emulator does not hand it on")
    streamed = emulator.invoke({"stream": 1})
    expect("a stream", b'{"headers":{"a":"b"},"statusCode":200}' + b"\0" * 8 + b"streamed", streamed)
    contains("its deadline is heard of in time", "Function.Deadline",
             emulator.invoke({"sleep": 60000}).decode())
    expect("and after it all goes on", [1], json.loads(emulator.invoke([1]))["event"])


def main():
    folder = tempfile.mkdtemp(prefix="rie.")
    shutil.copy(PROGRAM, os.path.join(folder, "bootstrap"))
    with open(os.path.join(folder, "handler.lua"), "w", encoding="utf-8") as file:
        file.write(HANDLER)
    emulator = Emulator(os.path.abspath(sys.argv[1]), folder)
    try:
        check_all(emulator, folder)
    finally:
        emulator.stop()
        if tally["failed"]:
            with open(os.path.join(folder, "log"), encoding="utf-8") as log:
                print(log.read()[-3000:])
        shutil.rmtree(folder)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**tally))
    sys.exit(0 if tally["failed"] == 0 else 1)


main()
