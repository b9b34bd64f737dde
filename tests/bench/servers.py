"""Servers on loopback for the benches: each is there within its `with`, which gives its address."""
import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "contract"))
import signed  # noqa: E402  pylint: disable=wrong-import-position

KEYS = ("TESTKEY", "TESTSECRET")
DYNAMODB_LOCAL = ". tests/contract/dynamodb_local.sh; "


def environment(endpoint):
    """What points AWS's tools, and Lunette, to a server."""
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": KEYS[0], "AWS_SECRET_ACCESS_KEY": KEYS[1]}


@contextlib.contextmanager
def stand_in(program="build/bench/stand-in"):
    """Answers and does nothing else: see stand_in.c."""
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            yield "http://127.0.0.1:" + process.stdout.readline().strip()
        finally:
            process.stdin.close()


def free_ports():
    """The first of two neighbours that nobody listens on, nor will: the system gives others away."""
    while True:
        port = random.randrange(10000, 32000, 2)
        with socket.socket() as one, socket.socket() as two, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            two.bind(("127.0.0.1", port + 1))
            return port


def shell(command, *arguments, check=True):
    script = ". tests/contract/radosgw.sh; " + command
    subprocess.run(["bash", "-c", script, "bash", *arguments], check=check)


@contextlib.contextmanager
def radosgw(bucket):
    """Ceph's S3 in memory, with that bucket in it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port = free_ports()
        endpoint = f"http://127.0.0.1:{port}"
        try:
            shell('radosgw_start "$1" "$2"', folder, str(port))
            subprocess.run([sys.executable, "tests/contract/create_bucket.py", endpoint, *KEYS,
                            bucket], check=True)
            yield endpoint
        finally:
            shell('radosgw_stop "$1"', folder, check=False)


@contextlib.contextmanager
def dynamodb_local(tables):
    """AWS's DynamoDB Local, in memory, with these tables, whose keys are `id`."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port = free_ports()
        endpoint = f"http://127.0.0.1:{port}"
        try:
            shell(DYNAMODB_LOCAL + 'dynamodb_local_start "$1" "$2"', folder, str(port))
            for table in tables:
                dynamodb(endpoint, "CreateTable", TableName=table, BillingMode="PAY_PER_REQUEST",
                         AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                         KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
            yield endpoint
        finally:
            shell(DYNAMODB_LOCAL + 'dynamodb_local_stop "$1"', folder, check=False)


def dynamodb(endpoint, operation, **fields):
    headers = {"content-type": "application/x-amz-json-1.0",
               "x-amz-target": "DynamoDB_20120810." + operation}
    return json.loads(signed.send("POST", endpoint + "/", "dynamodb", KEYS, headers,
                                  json.dumps(fields).encode()))


def s3(endpoint, method, path, headers=None, body=b""):
    return signed.send(method, f"{endpoint}/{path}", "s3", KEYS, headers, body)


@contextlib.contextmanager
def delayed(endpoint, delay_ms, program="build/bench/delay"):
    """The same server, at the end of a line that takes so long: see delay.c."""
    if delay_ms == 0:
        yield endpoint
        return
    with subprocess.Popen([program, endpoint.rsplit(":", 1)[1], str(delay_ms)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield "http://127.0.0.1:" + process.stdout.readline().strip()
        finally:
            process.stdin.close()
