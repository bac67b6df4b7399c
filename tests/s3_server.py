"""A server on this machine that speaks S3, in a process of its own that a test can kill, and a gate in front of it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

KEYS = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
SERVE = "import sys; from moto.server import main; main(['-H', '127.0.0.1', '-p', sys.argv[1]])"
START_SECONDS = 60


@dataclass
class Server:
    """The server's process and address."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """The endpoint as `AWS_ENDPOINT_URL` takes it."""
        return f"http://127.0.0.1:{self.port}"

    def bucket(self, name: str) -> str:
        """Make a bucket; give its address."""
        assert self.ask("PUT", f"/{name}") == 200
        return f"s3://{name}"

    def ask(self, method: str, path: str, body: bytes | None = None) -> int:
        """Ask the server something, by another way than leadlib does."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        key = "AWS4-HMAC-SHA256 Credential=nobody/20200101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
        link.request(method, path, body, {"Authorization": key})
        return link.getresponse().status

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait()


@contextmanager
def serving() -> Iterator[Server]:
    """Start a server on a free port; it is gone at the end."""
    pytest.importorskip("moto")
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server = Server(process, port)
    try:
        _wait_for(server)
        yield server
    finally:
        server.kill()


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(server: Server) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert server.process.poll() is None, "the server did not start"
        with suppress(OSError):
            if server.ask("GET", "/moto-api/"):
                return
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


Verdict = tuple[int, str] | None


@dataclass
class Gate:
    """Stands before a server: passes a request on, or answers it with a status and an S3 error code of its own."""

    port: int = 0
    decide: Callable[[str, str], Verdict] = lambda method, path: None
    seen: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The endpoint as `AWS_ENDPOINT_URL` takes it."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def gated(server: Server) -> Iterator[Gate]:
    """Open a gate before a server."""
    gate = Gate()

    class Keeper(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            gate.seen.append((self.command, self.path))
            verdict = gate.decide(self.command, self.path)
            status, headers, answer = _refusal(*verdict) if verdict else _asked(server, self, body)
            self.send_response_only(status)
            for name, value in ({"content-length": str(len(answer))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any

        def log_message(self, *_: object) -> None:
            pass

    http_server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    http_server.daemon_threads = True
    gate.port = http_server.server_port
    thread = threading.Thread(target=http_server.serve_forever, daemon=True)
    thread.start()
    try:
        yield gate
    finally:
        http_server.shutdown()
        http_server.server_close()


def _refusal(status: int, code: str) -> tuple[int, dict[str, str], bytes]:
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>said by the gate</Message></Error>"
    return status, {"Content-Type": "application/xml"}, text.encode()


def _asked(server: Server, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    link.request(request.command, request.path, body, {k: v for k, v in request.headers.items() if k != "Expect"})
    answer = link.getresponse()
    kept = {k.lower(): v for k, v in answer.getheaders() if k.lower() not in ("transfer-encoding", "connection")}
    content = answer.read()
    if request.command != "HEAD":
        kept.pop("content-length", None)
    length = kept.pop("content-length", None)
    return answer.status, kept | ({"content-length": length} if length else {}), content
