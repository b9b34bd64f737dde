"""Servers on loopback for the benches: each is there within its `with`, which gives its address."""
import contextlib
import socket
import subprocess
import sys
import tempfile

KEYS = ("TESTKEY", "TESTSECRET")


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
    """The first of two neighbours that nobody listens on."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            with contextlib.suppress(OSError):
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
