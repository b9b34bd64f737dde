"""sign_test.py - signs random requests with us and with botocore; the signatures must be the same.

    BUILD=build/release python3 tests/aws/sign_test.py [COUNT [SEED]]

Closes with a tally, one check a request. Without botocore (Debian: python3-botocore) it is skipped,
and says so.
"""
import datetime
import hashlib
import json
import os
import random
import subprocess
import sys
from urllib.parse import quote

try:
    from botocore import auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    print("SKIPPED: sign: no botocore (Debian package python3-botocore)")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)

LETTERS = "abcXYZ019-._~/ +%&=?#;:@!$'()*,\"<>[]\\^`{|}ü€😀\u2028\x01\x7f"
NAMES = "abcXYZ019-._"
VALUES = "abcXYZ019 -._~/+%&=?#;:@!$'()*\"<>[]{|}\t  "
UNSIGNED = ["User-Agent", "X-Amzn-Trace-Id", "Expect"]  # by every version of botocore
SERVICES = ["s3", "s3", "dynamodb", "execute-api"]
REGIONS = ["us-east-1", "eu-west-1", "cn-north-1"]


class Clock(datetime.datetime):
    """Stands in for datetime.datetime in botocore before 1.41, which asks it for the time."""

    moment = None

    @classmethod
    def utcnow(cls):
        return cls.moment


def set_clock(moment):
    Clock.moment = moment
    if hasattr(auth, "get_current_datetime"):
        auth.get_current_datetime = lambda *_, **__: moment
    else:
        auth.datetime.datetime = Clock


def text(source, alphabet, shortest, longest):
    return "".join(source.choice(alphabet) for _ in range(source.randint(shortest, longest)))


def random_path(source, service):
    """As it is sent: any bytes, and what a path must not be rid of."""
    segments = []
    for _ in range(source.randint(0, 6)):
        kind = source.random()
        if kind < 0.3:
            segments.append(source.choice(["", ".", "..", "...", "%2F"]))
        elif kind < 0.4 and service == "s3":
            segments.append(quote(bytes(source.randrange(1, 256) for _ in range(6)), safe="~"))
        else:
            segments.append(quote(text(source, LETTERS, 1, 12), safe="~"))
    return "/" + "/".join(segments)


def random_query(source, unique):
    pairs = [[text(source, LETTERS, 1, 8), text(source, LETTERS, 0, 12)]
             for _ in range(source.choice([0, 0, 1, 2, 5]))]
    pairs += [[text(source, "ab-=", 1, 3), text(source, "01-%", 0, 2)]
              for _ in range(source.choice([0, 0, 4]))]
    if unique:  # botocore presigns one value a name
        pairs = [list(pair) for pair in dict(map(tuple, pairs)).items()]
    return pairs


def random_headers(source):
    headers = [["x-amz-meta-" + text(source, NAMES, 1, 6), text(source, VALUES, 0, 20)]
               for _ in range(source.randint(0, 6))]
    headers += [[name, text(source, VALUES, 1, 9)] for name in source.sample(UNSIGNED, 2)]
    if source.random() < 0.5:
        headers.append(["Content-Type", "image/png"])
    source.shuffle(headers)
    return headers


def random_request(source):
    service = source.choice(SERVICES)
    presigned = source.random() < 0.4
    body = text(source, VALUES, 0, 30).encode() if not presigned else b""
    payload = hashlib.sha256(body).hexdigest()
    return {
        "service": service,
        "region": source.choice(REGIONS),
        "method": source.choice(["GET", "PUT", "POST", "HEAD", "DELETE"]),
        "host": source.choice(["photos.s3.eu-west-1.amazonaws.com", "localhost:9000", "a-b.c:8443"]),
        "path": random_path(source, service),
        "query": random_query(source, presigned),
        "headers": random_headers(source),
        "body": body.decode(),
        "payload": "UNSIGNED-PAYLOAD" if presigned and service == "s3" else payload,
        "id": "AKID" + text(source, "ABC234", 4, 16),
        "secret": text(source, "abcXYZ019/+", 1, 40),
        "token": text(source, "abcXYZ019/+=", 1, 300) if source.random() < 0.5 else "",
        "time": source.randrange(0, 4102444800),
        "expires": source.randint(1, 604800) if presigned else 0,
    }


def signer(asked):
    credentials = Credentials(asked["id"], asked["secret"], asked["token"] or None)
    arguments = (credentials, asked["service"], asked["region"])
    if asked["expires"]:
        kind = auth.S3SigV4QueryAuth if asked["service"] == "s3" else auth.SigV4QueryAuth
        return kind(*arguments, expires=asked["expires"])
    made = (auth.S3SigV4Auth if asked["service"] == "s3" else auth.SigV4Auth)(*arguments)
    made._should_sha256_sign_payload = lambda request: True
    return made


def sign_with_botocore(asked):
    """The signature, and the canonical request."""
    set_clock(datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=asked["time"]))
    query = "&".join(quote(name, safe="~") + "=" + quote(value, safe="~")
                     for name, value in asked["query"])
    url = "https://" + asked["host"] + asked["path"] + ("?" + query if query else "")
    request = AWSRequest(method=asked["method"], url=url, data=asked["body"].encode())
    for name, value in asked["headers"]:
        request.headers.add_header(name, value)
    made = signer(asked)
    seen = {}
    canonical_request = made.canonical_request
    made.canonical_request = lambda given: seen.setdefault("text", canonical_request(given))
    made.add_auth(request)
    if asked["expires"]:
        return request.url.split("X-Amz-Signature=")[1], seen["text"]
    return request.headers["Authorization"].split("Signature=")[1], seen["text"]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    source = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 20130524)
    requests = [random_request(source) for _ in range(count)]
    program = os.path.join(os.environ.get("BUILD", "build/release"), "sign-requests")
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([program], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    passed = 0
    for asked, ours in zip(requests, answers):
        signature, canonical = sign_with_botocore(asked)
        if ours["signature"] == signature:
            passed += 1
        else:
            print(f"FAILED: {json.dumps(asked)}\n-- botocore signs\n{canonical}\n-- we sign\n"
                  f"{ours['canonical']}\n")
    print(f"{passed} passed, {count - passed} failed")
    return passed != count


if __name__ == "__main__":
    sys.exit(main())
