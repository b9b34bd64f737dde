"""The network of tests/layer/run, all on one address of the loopback: a name server, and S3's
answer to any GET over TLS.

    server.py ADDRESS NAMES CERTIFICATE=PORT...    NAMES: what resolves to ADDRESS, split by commas

CERTIFICATE is a PEM file with its key. Prints "ready" when everything listens, and serves until it
is killed.
"""
import http.server
import socket
import ssl
import struct
import sys
import threading

IN_A = struct.pack("!HH", 1, 1)
NO_SUCH_NAME = 3


def question(query):
    """The name that is asked for, and where the question ends."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii"))
        at += 1 + query[at]
    return ".".join(labels).lower(), at + 5


def answer(query, names, address):
    name, end = question(query)
    known = name in names
    found = known and query[end - 4 : end] == IN_A
    record = b"\xc0\x0c" + IN_A + struct.pack("!IH", 1, 4) + socket.inet_aton(address)
    flags = 0x8580 | (0 if known else NO_SUCH_NAME)
    header = query[:2] + struct.pack("!HHHHH", flags, 1, int(found), 0, 0)
    return header + query[12:end] + (record if found else b"")


def serve_names(listener, names, address):
    while True:
        query, asker = listener.recvfrom(512)
        listener.sendto(answer(query, names, address), asker)


class Greeting(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"hello"
        self.send_response(200)
        self.send_header("ETag", '"5d41402abc4b2a76b9719d911017c592"')
        self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # a handshake that the client breaks off is what some tests are about


def main():
    address, names = sys.argv[1], sys.argv[2].split(",")
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((address, 53))
    threading.Thread(target=serve_names, args=(listener, names, address), daemon=True).start()
    for argument in sys.argv[3:]:
        certificate, port = argument.split("=")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server = Server((address, int(port)), Greeting)
        server.socket = context.wrap_socket(server.socket, True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


main()
