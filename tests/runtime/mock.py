"""A Runtime API of our own: the service's state machine, and its failures on demand.

What is said of states and status codes was observed on AWS's Runtime Interface Emulator and read
from the service's pages. One Mock serves one function, with as many workers as ask.

    with Mock() as mock:
        ... start a program with AWS_LAMBDA_RUNTIME_API=mock.address ...
        answer = mock.invoke(b'{"a":1}')        # waits for /response or /error
        answer.kind, answer.body, answer.headers
"""
import base64
import http.server
import json
import re
import socket
import struct
import threading
import time
import uuid

RESPONSE_MAX = 6291556
VERSION = "/2018-06-01/runtime/"
ERROR_TYPE = re.compile(r"^(Runtime|Function)\.[A-Z][a-zA-Z]+$")
HANGS_S = 200  # far more than anything takes on a busy machine, under a sanitizer
LEAVE_OUT = object()


class Event:
    """One event, what it is to be answered with, and what came as its answer."""

    def __init__(self, body, headers=None, timeout_s=HANGS_S, status=None, reset=False):
        self.id = (headers or {}).get("Lambda-Runtime-Aws-Request-Id")
        self.id = self.id or str(uuid.uuid4())
        self.body = body
        self.headers = {
            "Lambda-Runtime-Aws-Request-Id": self.id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + timeout_s) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:1:function:f",
            "Lambda-Runtime-Trace-Id": "Root=1-5e-1;Parent=53;Sampled=1",
            "Content-Type": "application/json",
        }
        self.headers.update(headers or {})
        self.status = status  # to answer its answer with, whatever it is
        self.reset = reset    # the connection, in place of an answer to its answer
        self.state = "waiting"
        self.done = threading.Event()
        self.kind = None      # "response" or "error"
        self.answer = None    # body
        self.answer_headers = None
        self.trailers = {}
        self.framing = None   # "length" or "chunked"
        self.pieces = []      # of a chunked body, as they come
        self.handed_out_at = self.answered_at = None
        self.times_handed_out = 0

    def json(self):
        return json.loads(self.answer)


class Mock:
    def __init__(self):
        self.lock = threading.Condition()
        self.queue = []
        self.running = {}         # id: Event
        self.next_faults = []     # for the next calls of /next: "reset" or a status
        self.stopping = None      # status that every /next gets from now on
        self.requests = []        # (method, path, headers)
        self.connections = set()  # those that asked /runtime/...
        self.init_errors = []     # (headers, document)
        self.nexts = 0
        self.waiting = 0          # how many wait in /next
        self.initialised = False
        self.extensions = []      # names
        self.refuse_extensions = False
        self.extension_waits = 0
        self.violations = []      # what a runtime must never do

    def __enter__(self):
        mock = self

        class Handler(Connection):
            api = mock
        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        with self.lock:
            self.stopping = self.stopping or 500
            self.lock.notify_all()
        self.server.shutdown()
        self.server.server_close()

    # ---- for tests ----

    def send(self, event):
        with self.lock:
            self.queue.append(event)
            self.lock.notify_all()
        return event

    def invoke(self, body, is_alive=lambda: True, **options):
        """The event, answered; `kind` stays None when no answer came in time."""
        event = self.send(Event(body if isinstance(body, bytes) else json.dumps(body).encode(),
                                **options))
        ends = time.monotonic() + HANGS_S
        while not event.done.wait(0.2) and is_alive() and time.monotonic() < ends:
            pass
        return event

    def stop(self, status=403):
        """Every worker is turned away from now on."""
        with self.lock:
            self.stopping = status
            self.lock.notify_all()

    def wait_for(self, condition):
        """Until condition(mock) holds; whether it did."""
        with self.lock:
            return self.lock.wait_for(lambda: condition(self), HANGS_S)

    # ---- the state machine, under the lock ----

    def next(self):
        """The event to hand out, or a status, or "reset"."""
        with self.lock:
            self.nexts += 1
            self.initialised = True
            if self.next_faults:
                return self.next_faults.pop(0)
            self.waiting += 1
            self.lock.notify_all()
            self.lock.wait_for(lambda: self.stopping or self.queue)
            self.waiting -= 1
            if self.stopping:
                return self.stopping
            event = self.queue.pop(0)
            event.state = "running"
            event.handed_out_at = time.monotonic()
            event.times_handed_out += 1
            self.running[event.id] = event
            self.lock.notify_all()
            return event

    def begin_answer(self, request_id):
        """The event that may be answered, or a status."""
        with self.lock:
            event = self.running.get(request_id)
            if event is None:
                self.violations.append("answered an event that it was not given: " + request_id)
                return 400, "InvalidRequestID"
            if event.state == "answered":
                self.violations.append("answered twice: " + request_id)
                return 403, "InvalidStateTransition"
            return event

    def end_answer(self, event, kind, body, headers):
        with self.lock:
            event.state = "answered"
            event.kind, event.answer, event.answer_headers = kind, body, headers
            event.answered_at = time.monotonic()
            self.lock.notify_all()
        event.done.set()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass  # a program that was killed in mid-sentence


class Connection(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api = None

    def log_message(self, *_):
        pass

    def version_string(self):
        return "mock"

    # An answer in two packets would wait for the peer's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def reply(self, status, body, headers=None):
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            if value is not LEAVE_OUT:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def refuse(self, status, error_type):
        document = {"errorMessage": "as asked", "errorType": error_type}
        self.reply(status, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def note(self):
        with self.api.lock:
            self.api.requests.append((self.command, self.path, dict(self.headers.items())))
            if self.path.startswith(VERSION):
                self.api.connections.add(self.client_address)

    # ---- what is asked ----

    def do_GET(self):
        self.note()
        if self.path == VERSION + "invocation/next":
            self.hand_out(self.api.next())
        elif self.path == "/2020-01-01/extension/event/next":
            self.wait_as_extension()
        else:
            self.refuse(404, "NotFound")

    def hand_out(self, event):
        if event == "reset":
            self.reset()
        elif isinstance(event, int):
            self.refuse(event, "InvalidStateTransition")
        else:
            try:
                self.reply(200, event.body, event.headers)
            except OSError:
                self.close_connection = True

    def wait_as_extension(self):
        with self.api.lock:
            self.api.extension_waits += 1
            self.api.lock.notify_all()
            self.api.lock.wait_for(lambda: self.api.stopping)
        self.refuse(500, "Stopping")

    def do_POST(self):
        self.note()
        answer = re.fullmatch(re.escape(VERSION) + "invocation/([^/]+)/(response|error)", self.path)
        if answer:
            self.take_answer(answer.group(1), answer.group(2))
            return
        body = self.read_body(None)
        if self.path == VERSION + "init/error":
            self.take_init_error(body)
        elif self.path == "/2020-01-01/extension/register":
            if self.api.refuse_extensions:
                self.refuse(403, "Extension.Closed")
                return
            self.api.extensions.append(self.headers.get("Lambda-Extension-Name"))
            self.reply(200, b'{"functionName":"f","functionVersion":"1","handler":"h"}',
                       {"Lambda-Extension-Identifier": str(uuid.uuid4())})
        else:
            self.refuse(404, "NotFound")

    def take_init_error(self, body):
        with self.api.lock:
            if self.api.initialised:
                self.api.violations.append("/init/error after /next")
            self.api.init_errors.append((dict(self.headers.items()), body))
            self.api.lock.notify_all()
        self.reply(202, b'{"status":"OK"}')

    def take_answer(self, request_id, kind):
        event = self.api.begin_answer(request_id)
        body = self.read_body(None if isinstance(event, tuple) else event)
        if isinstance(event, tuple):
            self.refuse(*event)
            return
        if event.reset:
            self.reset()
            event.done.set()
            return
        echoed = self.headers.get("Lambda-Runtime-Invocation-Id")
        if echoed != event.headers.get("Lambda-Runtime-Invocation-Id"):
            self.api.violations.append("invocation id was not echoed as it came")
        self.api.end_answer(event, kind, body, dict(self.headers.items()))
        self.finish_answer(event, kind, body)

    def finish_answer(self, event, kind, body):
        mode = self.headers.get("Lambda-Runtime-Function-Response-Mode")
        if event.status:
            self.refuse(event.status, "AsAsked")
        elif kind == "response" and mode not in (None, "streaming"):
            self.refuse(400, "InvalidFunctionResponseMode")
        elif kind == "response" and mode is None and len(body) > RESPONSE_MAX:
            self.refuse(413, "RequestEntityTooLarge")
        else:
            self.reply(202, b'{"status":"OK"}')

    # ---- bodies ----

    def read_body(self, event):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self.read_chunks(event or Event(b""))
        if event:
            event.framing = "length"
        return self.rfile.read(int(self.headers["Content-Length"]))

    def read_chunks(self, event):
        event.framing = "chunked"
        body = b""
        while True:
            line = self.rfile.readline()
            if not line:
                event.framing = "broken off"
                return body
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            piece = self.rfile.read(size)
            with self.api.lock:
                event.pieces.append(piece)
                self.api.lock.notify_all()
            body += piece
            if self.rfile.read(2) != b"\r\n":
                event.framing = "broken"
                return body
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, value = line.decode().split(":", 1)
            event.trailers[name.strip()] = value.strip()
        return body


def decode_trailer(event):
    """The error document that a broken stream ends with."""
    text = event.trailers.get("Lambda-Runtime-Function-Error-Body")
    return json.loads(base64.b64decode(text)) if text else None
