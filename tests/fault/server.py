#!/usr/bin/env python3
"""An S3 and DynamoDB that misbehave on demand, on loopback; tests/cli/fault_test.sh and
container_test.sh start it.

    server.py PORT_FILE [PEM_FILE [RESETS]]

It writes its port to the first file; with a key and a certificate it speaks https, and resets so
many connections before they do.

/faults/SCENARIO is an object whose attempts follow the scenario below, one step each (the last one
repeats); SCENARIO.ANYTHING is another one that does the same. A DynamoDB request's scenario is its TableName; /container/SCENARIO is a container's
endpoint for credentials. GET /log/SCENARIO answers what has come, one line an attempt: "METHOD
KEY=VALUE ..." of the headers that the tests look at. GET /log/connections answers "OPENED RESUMED":
how many there were, and how many of them went on with an earlier one's TLS session.
"""
import calendar
import email.utils
import hashlib
import http.server
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
import zlib

import uploads

DATE_AHEAD_S = 3600
LOG = {}
OBJECTS = {}
CONNECTIONS = {"opened": 0, "resumed": 0}
LOCK = threading.Lock()


def xml_error(code, message="as asked"):
    return (f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>"
            "<RequestId>R1</RequestId></Error>").encode()


def elsewhere(code, region):
    return (f"<Error><Code>{code}</Code><Message>as asked</Message><Region>{region}</Region>"
            "</Error>").encode()


def container_error(status, message):
    return ("answer", status, json.dumps({"code": "AsAsked", "message": message}).encode(), {})


def json_error(name):
    return json.dumps({"__type": "com.amazonaws.dynamodb.v20120810#" + name,
                       "message": "as asked"}).encode()


OK = ("answer", 200, b"hello", {})
E500 = ("answer", 500, xml_error("InternalError"), {})
E503 = ("answer", 503, xml_error("SlowDown"), {})
MISSING = ("answer", 404, xml_error("NoSuchKey"), {})
EMPTY_LIST = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
COPIED = b"<CopyObjectResult><ETag>&quot;e&quot;</ETag></CopyObjectResult>"
STEPS = {
    "fine": [OK],
    "once-500": [E500, OK],
    "always-500": [E500],
    "once-slow-down": [E503, OK],
    "always-slow-down": [E503],
    "hint": [("answer", 503, xml_error("ServiceUnavailable"), {"x-amz-retry-after": "700"}), OK],
    "html": [("answer", 403, b"<html><body>\n<h1>No way</h1>", {"Content-Type": "text/html"})],
    "html-503": [("answer", 503, b"<html><h1>Busy</h1></html>", {"Content-Type": "text/html"})],
    "nothing": [("answer", 418, b"", {})],
    "bad-gateway": [("answer", 502, b"", {}), OK],
    "too-many": [("answer", 429, b"", {}), OK],
    "denied": [("answer", 403, xml_error("AccessDenied"), {})],
    "bad-digest": [("answer", 400, xml_error("BadDigest"), {}), OK],
    "expired": [("answer", 400, xml_error("ExpiredToken"), {})],
    "reset": [("reset",), OK],
    "always-reset": [("reset",)],
    "cut": [("cut",), OK],
    "always-cut": [("cut",)],
    "short": [("short",), OK],
    "always-short": [("short",)],
    "short-chunks": [("short-chunks",), OK],
    "mute": [("mute",)],
    "no-http": [("no-http",)],
    "huge-headers": [("headers",)],
    "drip": [("drip",)],
    "skew": [("skew",), OK],
    "always-skew": [("skew",)],
    "ahead": [("ahead", "RequestTimeTooSkewed")],  # whose clock is ahead, and who looks at ours
    "wrong-sum": [("answer", 200, b"hallo", {"x-amz-checksum-sha256": "AAAA"}),
                  ("answer", 200, b"hello", {})],
    "wrong-crc64": [("answer", 200, b"hallo", {"x-amz-checksum-crc64nvme": "AAAA"}),
                    ("answer", 200, b"hello", {"x-amz-checksum-crc32": "NhCmhg=="})],
    "always-wrong-sum": [("answer", 200, b"hallo", {"x-amz-checksum-sha256": "AAAA"})],
    "list-500": [("answer", 200, xml_error("InternalError"), {}), ("answer", 200, EMPTY_LIST, {})],
    "deleted-500": [("answer", 200, xml_error("InternalError"), {}),
                    ("answer", 200, b"<DeleteResult/>", {})],
    "stored-then-500": [("store-and-answer", *E500[1:]), ("answer", 412, xml_error(
        "PreconditionFailed"), {})],
    "stored-then-503": [("store-and-answer", *E503[1:]), ("answer", 412, xml_error(
        "PreconditionFailed"), {})],
    "other-after-503": [E503, ("answer", 412, xml_error("PreconditionFailed"), {}), MISSING],
    "unseen-after-503": [E503, ("answer", 412, xml_error("PreconditionFailed"), {}),
                         ("answer", 403, b"", {})],
    "precondition": [("answer", 412, xml_error("PreconditionFailed"), {})],
    "always-copy-500": [("answer", 200, xml_error("InternalError"), {})],
    "copy": [("answer", 200, b"\n\n  " + xml_error("InternalError"), {}),
             ("answer", 200, COPIED, {})],
    "delete-all": [("answer", 200, xml_error("InternalError"), {}),
                   ("answer", 200, b"<DeleteResult/>", {})],
    "delete-all-denied": [("answer", 200, xml_error("AccessDenied"), {})],
    "delete-all-strange": [("answer", 200, b"<html/>", {})],
    "list-strange": [("answer", 200, b"<Error/>", {})],
    "copy-denied": [("answer", 200, xml_error("AccessDenied"), {})],
    "copy-large": [("answer", 400, xml_error(
        "InvalidRequest", "The specified copy source is larger than the maximum allowable size for "
        "a copy source: 5368709120"), {})],
    "redirect": [("answer", 301, xml_error("PermanentRedirect"), {"Location": "/faults/fine"})],
    # Each is right for us-west-2 only: what is said to whoever signs for another region.
    "moved-301": [("moved", 301, elsewhere("PermanentRedirect", "us-west-2"),
                   {"Location": "http://127.0.0.1:9/"})],
    "moved-307": [("moved", 307, elsewhere("TemporaryRedirect", "x"),
                   {"x-amz-bucket-region": "us-west-2"})],
    "moved-400": [("moved", 400, elsewhere("AuthorizationHeaderMalformed", "us-west-2"), {})],
    "moved-head": [("moved", 400, b"", {"x-amz-bucket-region": "us-west-2"})],
    "moved-put": [("moved", 301, b"", {"x-amz-bucket-region": "us-west-2"})],
    "moved-round": [("answer", 301, elsewhere("PermanentRedirect", "us-west-2"), {}),
                    ("answer", 301, elsewhere("PermanentRedirect", "us-west-1"), {})],
    "moved-nowhere": [("answer", 301, elsewhere("PermanentRedirect", "evil.test/"), {})],
    "moved-silently": [("answer", 301, elsewhere("PermanentRedirect", ""), {})],
    "lost": [("store-and-reset",)],
    "never-arrived": [("reset-before-store",)],
    "conflict": [("answer", 409, xml_error("ConditionalRequestConflict"), {})],
    "big": [("answer", 200, b"x" * 1000000, {})],
    "empty-list": [("answer", 200, b"", {})],
    "list-half": [("answer", 200, EMPTY_LIST.replace(b"false", b"true"), {})],
    "list-negative": [("answer", 200, b"<ListBucketResult><Contents><Key>a</Key><Size>-1</Size>"
                       b"</Contents></ListBucketResult>", {})],
    "part-only": [("answer", 206, b"hel", {"Content-Range": "bytes 0-2/5"})],
    "part-negative": [("answer", 206, b"hel", {"Content-Range": "bytes 0-2/-5"})],
    # What a container's endpoint hands out, and for how many seconds.
    "keys": [("keys", 3600)],
    "keys-soon": [("keys", 200)],
    "keys-soon-then-500": [("keys", 200), container_error(500, "as asked")],
    "keys-late": [("keys", -5)],
    "keys-late-then-500": [("keys", -5), container_error(500, "as asked")],
    "keys-once-500": [container_error(500, "as asked"), ("keys", 3600)],
    "keys-reset": [("reset",), ("keys", 3600)],
    "keys-always-500": [container_error(500, "as asked")],
    "keys-denied": [container_error(403, "no such task")],
    "keys-html": [("answer", 200, b"<html>", {})],
    "keys-half": [("answer", 200, b'{"AccessKeyId": "A"}', {})],
    "keys-redirect": [("answer", 302, b"", {"Location": "/container/keys"})],
    "keys-slow": [("drip",)],
    "throttled": [("answer", 400, json_error("ProvisionedThroughputExceededException"), {}),
                  ("answer", 200, b"{}", {})],
    "item-500": [("answer", 500, json_error("InternalServerError"), {}),
                 ("answer", 200, b"{}", {})],
    "wrong-crc": [("answer", 200, b"{}", {"x-amz-crc32": "1"}), ("crc", b"{}")],
    "always-throttled": [("answer", 400, json_error("ThrottlingException"), {})],
    "always-item-500": [("answer", 500, json_error("InternalServerError"), {})],
    "always-wrong-crc": [("answer", 200, b"{}", {"x-amz-crc32": "1"})],
    "item-expired": [("answer", 400, json_error("ExpiredTokenException"), {})],
    "item-html": [("answer", 503, b"<html>Busy", {"Content-Type": "text/html"}),
                  ("answer", 200, b"{}", {})],
    "item-reset": [("reset",), ("answer", 200, b"{}", {})],
    "item-cut": [("cut",), ("answer", 200, b"{}", {})],
    "item-no-json": [("answer", 200, b"{", {})],
    "item-skew": [("item-skew",), ("answer", 200, b"{}", {})],
    "once-unwritten": [("left", "UnprocessedItems"), ("answer", 200, b"{}", {})],
    "always-unwritten": [("left", "UnprocessedItems")],
    "once-unread": [("left", "UnprocessedKeys"), ("answer", 200, b'{"Responses":{}}', {})],
    "always-unread": [("left", "UnprocessedKeys")],
    "transacting": [("answer", 400, json_error("TransactionInProgressException"), {}),
                    ("answer", 200, b"{}", {})],
    "lost-condition": [("answer", 400, json_error("ConditionalCheckFailedException"), {})],
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def version_string(self):
        return "faults"

    def reply(self, status, body, headers):
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Date" not in headers:
            self.send_header("Date", email.utils.formatdate(usegmt=True))
        self.send_header("x-amz-request-id", "R0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def store(self, name, body):
        headers = {k.lower(): v for k, v in self.headers.items()
                   if k.lower().startswith("x-amz-meta-")}
        headers["ETag"] = '"' + hashlib.md5(body).hexdigest() + '"'
        OBJECTS[name] = headers

    def step(self, name, kind, body, step):
        if kind == "answer":
            self.reply(*step[1:])
        elif kind == "reset":
            self.reset()
        elif kind == "store-and-answer":
            self.store(name, body)
            self.reply(*step[1:])
        elif kind == "store-and-reset":
            self.store(name, body)
            self.reset()
        elif kind == "reset-before-store":
            if self.command == "PUT":
                self.reset()
            else:
                self.reply(404, b"", {})
        elif kind == "cut":
            self.send_response_only(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"only this")
            self.wfile.flush()
            self.reset()
        elif kind == "short":  # said to be longer, but ends in order
            self.send_response_only(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"only this")
            self.close_connection = True
        elif kind == "short-chunks":
            self.send_response_only(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"9\r\nonly this\r\n")
            self.close_connection = True
        elif kind == "mute":
            time.sleep(60)
        elif kind == "no-http":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            self.close_connection = True
        elif kind == "headers":
            self.reply(200, b"", {f"x-filler-{i}": "y" * 1000 for i in range(90)})
        elif kind == "drip":
            self.send_response_only(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            try:
                for _ in range(1000):
                    self.wfile.write(b"z")
                    self.wfile.flush()
                    time.sleep(0.05)
            except OSError:
                self.close_connection = True
        elif kind == "skew":
            later = email.utils.formatdate(time.time() + DATE_AHEAD_S, usegmt=True)
            self.reply(403, xml_error("RequestTimeTooSkewed"), {"Date": later})
        elif kind == "ahead":
            signed = time.strptime(self.headers["x-amz-date"] + "UTC", "%Y%m%dT%H%M%SZ%Z")
            wrong_s = time.time() + 2 * DATE_AHEAD_S - calendar.timegm(signed)
            uploads.wait_for(lambda: sum(asked.startswith("ahead.") for asked in list(LOG)) == 4)
            later = email.utils.formatdate(time.time() + 2 * DATE_AHEAD_S, usegmt=True)
            self.reply(*((403, xml_error(step[1])) if wrong_s > 900 else (200, b"hello")),
                       {"Date": later})
        elif kind == "moved":
            here = "/us-west-2/s3/aws4_request" in self.headers.get("Authorization", "")
            self.reply(*((200, b"hello", {"ETag": f'"{len(body)}"'}) if here else step[1:]))
        elif kind == "keys":
            until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + step[1]))
            keys = {"RoleArn": "arn:aws:iam::1:role/r", "AccessKeyId": f"ASIA{len(LOG[name])}",
                    "SecretAccessKey": "very-secret", "Token": "very-token", "Expiration": until}
            self.reply(200, json.dumps(keys).encode(), {"Content-Type": "application/json"})
        elif kind == "item-skew":
            later = email.utils.formatdate(time.time() + DATE_AHEAD_S, usegmt=True)
            self.reply(400, json_error("InvalidSignatureException"), {"Date": later})
        elif kind == "left":  # everything is left unprocessed
            asked = json.loads(body)["RequestItems"]
            self.reply(200, json.dumps({step[1]: asked, "Responses": {}}).encode(), {})
        elif kind == "crc":
            self.reply(200, step[1], {"x-amz-crc32": str(zlib.crc32(step[1]))})

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = self.path.split("?")[0].split("/")
        if parts[1] == "log":
            with LOCK:
                lines = LOG.get(parts[2], [])
                if parts[2] == "connections":
                    lines = ["%(opened)d %(resumed)d" % CONNECTIONS]
                self.reply(200, "\n".join(lines).encode(), {})
            return
        name = (parts[2] if len(parts) > 2 else "") or parts[1]
        if "X-Amz-Target" in self.headers:
            document = json.loads(body)
            for part in document.get("TransactItems", []):
                document["TableName"] = part["Put"]["TableName"]
            name = document.get("TableName") or next(iter(document.get("RequestItems", [""])))
        seen = ["amz-sdk-request", "amz-sdk-invocation-id", "x-amz-date", "x-amzn-trace-id",
                "accept-encoding", "authorization", "x-amz-security-token", "if-none-match"]
        line = self.command + "".join(
            f" {key}={self.headers.get(key, '').replace(' ', '')}" for key in seen)
        line += " query=" + self.path.partition("?")[2]
        with LOCK:
            lines = LOG.setdefault(name, [])
            lines.append(line)
            steps = STEPS.get(name.split(".")[0], [OK if name.startswith("fine-") else MISSING])
            step = steps[min(len(lines), len(steps)) - 1]
        if name.startswith("up-"):
            uploads.handle(self, name, body)
        elif self.command == "HEAD" and name in OBJECTS:
            self.reply(200, b"", OBJECTS[name])
        else:
            self.step(name, step[0], body, step)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    tls = None
    resets = 0

    def finish_request(self, request, client_address):
        if self.resets > 0:
            self.resets -= 1
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        if self.tls is not None:
            request = self.tls.wrap_socket(request, server_side=True)
        with LOCK:
            CONNECTIONS["opened"] += 1
            CONNECTIONS["resumed"] += self.tls is not None and request.session_reused
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass


def main():
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) > 2:
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.load_cert_chain(sys.argv[2])
        server.resets = int((sys.argv + ["0"])[3])
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as file:
        file.write(str(server.server_address[1]))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()


main()
