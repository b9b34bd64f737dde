"""Uploads in parts that go wrong: server.py hands over what names a scenario "up-...".

The scenario is a set of words: "up-part2" fails part 2 for ever, and so on; see below.
"""
import threading
import time
import urllib.parse

LOCK = threading.Lock()
HANGS_S = 60
UPLOADS = {}  # by scenario: headers of the create, completes seen, whether it is an object
ID = "U/1+2"
CREATED = f"<InitiateMultipartUploadResult><UploadId>{ID}</UploadId></InitiateMultipartUploadResult>"
COMPLETED = ("<CompleteMultipartUploadResult><ETag>&quot;whole-3&quot;</ETag>"
             "</CompleteMultipartUploadResult>")


def error(code):
    return f"<?xml version='1.0'?>\n<Error><Code>{code}</Code><Message>as asked</Message></Error>"


def wait_for(condition):
    until = time.monotonic() + HANGS_S
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)


class Upload:
    def __init__(self):
        self.headers, self.completes, self.made = {}, 0, False
        self.parts = self.most_parts = 0


def create(handler, name, upload):
    if "moved" in name and "/us-west-2/" not in handler.headers["Authorization"]:
        return handler.reply(301, b"", {"x-amz-bucket-region": "us-west-2"})
    if "late" in name:
        time.sleep(0.3)
    upload.headers = {k: v for k, v in handler.headers.items()
                      if k.lower().startswith("x-amz-meta-")}
    body = "<html>" if "noid" in name else CREATED
    return handler.reply(200, body.encode(), {})


def part(handler, name, upload, number, body):
    with LOCK:
        upload.parts += 1
        upload.most_parts = max(upload.most_parts, upload.parts)
    if "hang" in name:
        time.sleep(HANGS_S)
    if "slow" in name:  # until there are four, and a fifth could have come
        wait_for(lambda: upload.most_parts >= 4)
        time.sleep(0.1)
    with LOCK:
        upload.parts -= 1
    if "part2" in name and number == 2:
        return handler.reply(500, error("InternalError").encode(), {})
    if "noetag" in name:
        return handler.reply(200, b"", {})
    return handler.reply(200, b"", {"ETag": f'"part-{number}-{len(body)}"'})


def complete(handler, name, upload, body):
    upload.completes += 1
    first = upload.completes == 1
    if "lost" in name:
        if upload.made:
            return handler.reply(404, error("NoSuchUpload").encode(), {})
        upload.made = True
        return handler.reset()
    if "unmade" in name:
        return handler.reset()
    if "busy" in name:  # refused, but completed all the same, unless somebody else was there first
        upload.made = "other" not in name
        refusal = (503, "SlowDown") if first else (412, "PreconditionFailed")
        return handler.reply(refusal[0], error(refusal[1]).encode(), {})
    if "denied" in name:
        return handler.reply(200, b"\n\n " + error("AccessDenied").encode(), {})
    if "conflict" in name:
        return handler.reply(412, error("PreconditionFailed").encode(), {})
    if "again" in name and first:
        return handler.reply(200, error("InternalError").encode(), {})
    upload.made, upload.body = True, body
    answer = COMPLETED.replace("&quot;whole-3&quot;", "") if "tagless" in name else COMPLETED
    return handler.reply(200, answer.encode(), {})


def handle(handler, name, body):
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(handler.path).query,
                                  keep_blank_values=True)
    with LOCK:
        upload = UPLOADS.setdefault(name, Upload())
    if handler.command == "HEAD":
        return handler.reply(200 if upload.made else 404, b"",
                             {**upload.headers, "ETag": '"whole-3"'} if upload.made else {})
    if handler.command == "GET":  # what it was completed with, for the test
        return handler.reply(200, f"{upload.most_parts} {getattr(upload, 'body', b'').decode()}"
                             .encode(), {})
    if "uploads" in query:
        return create(handler, name, upload)
    if query["uploadId"] != [ID]:
        return handler.reply(404, error("NoSuchUpload").encode(), {})
    if handler.command == "PUT":
        return part(handler, name, upload, int(query["partNumber"][0]), body)
    if handler.command == "POST":
        return complete(handler, name, upload, body)
    if "stuck" in name:
        return handler.reply(403, error("AccessDenied").encode(), {})
    if "mute" in name:
        time.sleep(HANGS_S)
    return handler.reply(204, b"", {})
