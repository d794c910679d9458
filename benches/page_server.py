"""The generated pages on 127.0.0.1: `python -m benches.page_server USERS`.

It prints its URL, and ends when its input does. GET /calls tells what was called, and when, and
forgets it. The keeper, where it is asked, finds all in order; of other services nothing is there.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from benches.pages import Pages

_INVOCATIONS = "/2015-03-31/functions/"


def _handler(pages: Pages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # status, headers and body leave together

        def do_POST(self) -> None:
            asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            if self.path.startswith(_INVOCATIONS):  # the keeper's
                self._send(200, b'{"in_order": true, "errors": []}')
                return
            if "Action" not in asked:  # other services, which a sweep inspects: nothing is there
                self._send(404, b"{}")
                return
            self._send(*pages.answer({name: values[0] for name, values in asked.items()}))

        def do_GET(self) -> None:
            if self.path != "/calls":
                self._send(404, b"{}")
                return
            self._send(200, json.dumps(pages.calls).encode())
            pages.calls.clear()

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the calls are listed."""

    return Handler


def main(users: int) -> None:
    """Answer until the input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(Pages(users)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
