"""What each recipe asks of S3 and DynamoDB, recorded: a proxy on loopback in front of moto's server
writes down every request of the real program as the IAM action that AWS wants for it."""
import contextlib
import http.client
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "bench"))
import servers  # noqa: E402  pylint: disable=wrong-import-position

LUNETTE = os.environ.get("LUNETTE", "build/release/lunette")
TEXT = "README.md"  # is no photo
MOTO = "build/contract/moto/bin/moto_server"
# What DynamoDB calls it is what IAM calls it, but for transactions and batches, which none uses.
SINGLE = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"}


def s3_actions(method, path, query, status, body):
    """[(action, resource)] of a request to S3, in AWS's "Service Authorization Reference"."""
    bucket, _, key = urllib.parse.unquote(path).lstrip("/").partition("/")
    names = set(urllib.parse.parse_qs(query, keep_blank_values=True))
    names -= {name for name in names if name.lower().startswith("x-amz-") or name == "x-id"}
    there = f"{bucket}/{key}"
    if key and method in ("GET", "HEAD") and not names:
        # What isn't there is told from what is forbidden only to those who may list.
        missing = [("s3:ListBucket", bucket)] if status == 404 else []
        return [("s3:GetObject", there), *missing]
    if key and method == "PUT" and names in (set(), {"partNumber", "uploadId"}):
        return [("s3:PutObject", there)]
    if key and method == "POST" and names in ({"uploads"}, {"uploadId"}):
        return [("s3:PutObject", there)]
    if key and method == "DELETE":
        return [("s3:AbortMultipartUpload" if "uploadId" in names else "s3:DeleteObject", there)]
    if not key and method == "POST" and names == {"delete"}:
        return [("s3:DeleteObject", f"{bucket}/{found}")
                for found in re.findall(r"<Key>(.*?)</Key>", body.decode())]
    if not key and method == "HEAD":
        return [("s3:ListBucket", bucket)]
    return [(f"s3:?{method} {path}?{query}", there)]


def actions(method, target, headers, status, body):
    operation = headers.get("x-amz-target", "")
    if operation.startswith("DynamoDB_20120810."):
        name = operation.partition(".")[2]
        table = json.loads(body).get("TableName", "?")
        return [(f"dynamodb:{name if name in SINGLE else '?' + name}", table)]
    parts = urllib.parse.urlsplit(target)
    return s3_actions(method, parts.path, parts.query, status, body)


class Proxy(http.server.BaseHTTPRequestHandler):
    """Passes on, and adds to `calls` of its server while that is a set."""
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        behind = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=600)
        behind.request(self.command, self.path, body, dict(self.headers))
        answer = behind.getresponse()
        data = answer.read()
        if self.server.calls is not None:
            self.server.calls.update(
                actions(self.command, self.path, self.headers, answer.status, body))
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = answer.getheader("content-length") if self.command == "HEAD" else len(data)
        self.send_header("content-length", str(length or 0))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who has seen enough hangs up
            self.wfile.write(data)
        behind.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on  # noqa: N815

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


@contextlib.contextmanager
def recording():
    """The proxy before an empty moto."""
    port = servers.free_ports()
    with subprocess.Popen([MOTO, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as moto:
        proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        proxy.behind, proxy.calls = port, None
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            subprocess.run(["bash", "-c", '. tests/contract/servers.sh; answers "$0"',
                            f"http://127.0.0.1:{port}/moto-api/"], check=True)
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
            proxy.server_close()
            moto.kill()


class World:
    """Empty buckets and tables, and the recipe in front of them, its calls being recorded."""

    def __init__(self, proxy, recipe, view):
        self.proxy, self.recipe = proxy, recipe
        self.endpoint = f"http://127.0.0.1:{proxy.server_address[1]}"
        urllib.request.urlopen(f"{self.endpoint}/moto-api/reset", data=b"").close()
        for bucket in ("uploads", "pictures"):
            servers.s3(self.endpoint, "PUT", bucket)
        self.create_table("metadata", [(view.parameters["KeyAttribute"], "HASH")])
        self.create_table("entries", [("manifest", "HASH"), ("name", "RANGE")])
        names = {"Uploads": "uploads", "PicturesBucket": "pictures", "Metadata": "metadata",
                 "Entries": "entries"}
        variables = view.resources["Function"]["Properties"]["Environment"]["Variables"]
        self.variables = {name: names.get(value, value) for name, value in variables.items()}
        self.seen = set()

    def create_table(self, name, keys):
        servers.dynamodb(
            self.endpoint, "CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys])

    @contextlib.contextmanager
    def recorded(self):
        self.proxy.calls = self.seen
        yield
        self.proxy.calls = None

    def handle(self, event):
        folder = "scripts" if self.recipe == "handler" else "scripts/recipes"
        with self.recorded():
            done = subprocess.run(
                [LUNETTE, "invoke", "--aws", "--handler", f"{folder}/{self.recipe}.lua", "-"],
                input=json.dumps(event), capture_output=True, text=True, timeout=600, check=False,
                env={"PATH": os.environ["PATH"], "HOME": "/nonexistent",
                     **servers.environment(self.endpoint), **self.variables})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def put(self, key, file):
        with open(file, "rb") as photo:
            servers.s3(self.endpoint, "PUT", f"uploads/{key}",
                       {"content-type": "image/jpeg"}, photo.read())

    def delete(self, key):
        servers.s3(self.endpoint, "DELETE", f"uploads/{key}")

    def tell(self, key):
        answer = self.handle({"bucket": "uploads", "key": key})
        records = answer["records"] if "records" in answer else json.loads(answer["body"])
        return [record["status"] for record in records]

    def ask(self, method, path, body=None):
        return self.handle({
            "version": "2.0", "rawPath": path, "headers": {"content-type": "application/json"},
            "requestContext": {"http": {"method": method, "path": path}},
            "body": body and json.dumps(body), "isBase64Encoded": False})

    def life(self):
        """[status] of an upload that comes, comes again, changes, becomes no photo, and goes."""
        found = []
        for file in ("harbour.jpg", None, "IMG_2041.jpg", TEXT, "harbour.jpg"):
            if file:
                self.put("cat.jpg", f"build/samples/{file}" if file != TEXT else TEXT)
            found += self.tell("cat.jpg")
        self.delete("cat.jpg")
        return found + self.tell("cat.jpg") + self.tell("cat.jpg")

    def requests(self):
        """[status] of what the API is asked for, where there is one."""
        self.put("dog.jpg", "build/samples/harbour.jpg")
        if self.recipe == "thumbnail_api":
            answers = [self.ask("GET", "/thumbnails/dog.jpg"),
                       self.ask("GET", "/thumbnails/none.jpg"),
                       self.ask("POST", "/thumbnails", {"bucket": "uploads", "key": "dog.jpg"})]
            return [answer["statusCode"] for answer in answers]
        if self.recipe == "fixed_size":
            answer = self.ask("POST", "/uploads",
                              {"name": "a.jpg", "type": "image/jpeg", "size": 4})
            return [answer["statusCode"], self.send(json.loads(answer["body"])["put"])]
        return []

    def send(self, offer):
        """Whoever was given the address uses it, with the function's own rights."""
        request = urllib.request.Request(offer["url"], data=b"none", method="PUT",
                                         headers=offer["headers"] or {})
        with self.recorded(), urllib.request.urlopen(request) as answer:
            return answer.status
