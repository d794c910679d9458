"""Slack as far as we rely on it: a server that answers as told, and its documented limits."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# docs.slack.dev: header, section and context blocks, text object, reference of blocks.
BLOCKS, HEADER, SECTION, FIELDS, FIELD, ELEMENTS = 50, 150, 3000, 10, 2000, 10
TEXT = 40_000  # chat.postMessage, beyond which text is cut


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `hangs` are seconds before it."""

    status: int = 200
    body: str = "ok"
    headers: tuple[tuple[str, str], ...] = ()
    hangs: float = 0.0


@dataclass(slots=True)
class SlackServer:
    """Takes messages at `url`. It gives `answers` in turn, and then says ok."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    always: Answer = field(default_factory=Answer)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: dict[str, Any]) -> Answer:
        """Take a message; who is answered ok may know that it was."""
        with self.lock:
            self.asked.append(body)
            answer = self.answers.pop(0) if self.answers else self.always
            if answer == Answer():
                self.taken.append(body)
        return answer


@contextmanager
def slack_server(path: str = "/services/T0/B0/sEcReT") -> Iterator[SlackServer]:
    """Serve on the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            answer = server.take(json.loads(self.rfile.read(length)))
            time.sleep(answer.hangs)
            try:
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body.encode())
            except OSError:
                pass  # who asked has gone

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = SlackServer(f"http://127.0.0.1:{http.server_port}{path}")
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def faults(body: dict[str, Any]) -> list[str]:
    """Return how a message breaks Slack's limits, or could say what its writer did not mean."""
    found = []
    if not 0 < _length(body["text"]) <= TEXT:
        found.append("text")
    blocks = body["blocks"]
    if not 0 < len(blocks) <= BLOCKS:
        found.append("number of blocks")
    for block in blocks:
        found += _of_block(block)
    if body.get("unfurl_links") is not False or body.get("unfurl_media") is not False:
        found.append("unfurls")
    return found


def _of_block(block: dict[str, Any]) -> list[str]:
    match block["type"]:
        case "header":
            return _of_text(block["text"], HEADER, only_plain=True)
        case "section":
            fields = block.get("fields", [])
            found = ["neither text nor fields"] if not fields and "text" not in block else []
            found += ["fields"] if len(fields) > FIELDS else []
            found += _of_text(block["text"], SECTION) if "text" in block else []
            return found + [each for one in fields for each in _of_text(one, FIELD)]
        case "context":
            elements = block["elements"]
            found = [] if 0 < len(elements) <= ELEMENTS else ["elements"]
            return found + [each for one in elements for each in _of_text(one, SECTION)]
        case other:
            return [f"block {other}"]


def _of_text(text: dict[str, Any], limit: int, *, only_plain: bool = False) -> list[str]:
    found = [] if 0 < _length(text["text"]) <= limit else [f"length {len(text['text'])}"]
    if only_plain and text["type"] != "plain_text":
        found.append("header of another type")
    if text["type"] == "plain_text" and "verbatim" in text:
        found.append("verbatim of plain text")
    if text["type"] == "mrkdwn" and not text.get("verbatim"):
        found.append("links made by themselves")
    said = text["text"]
    unescaped = said.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    if set("<>&") & set(unescaped):
        found.append("control characters")
    return found


def _length(text: str) -> int:
    """Return the length as JavaScript has it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
