"""Runs inside a function's process: AWS's own runtime, fed through pipes instead of HTTP.

Started as `python -I -S -B worker_main.py REQUESTS RESPONSES MARK TASK_ROOT RUNTIME HANDLER`, so
that nothing is importable but the standard library, the bundle, boto3 and the runtime. After each
answer the mark goes out on stdout, behind all that the function printed: the reader then knows that
it has the whole output.
"""

import importlib
import json
import os
import socket
import sys
from typing import IO, Any

HOST = "127.0.0.1"


class PipeClient:
    """Stands in for awslambdaric's HTTP client of the Lambda runtime API."""

    def __init__(self, requests: IO[str], responses: IO[str], mark: str) -> None:
        runtime = importlib.import_module("awslambdaric.lambda_runtime_client")
        self.marshaller = runtime.LambdaMarshaller()
        self._request_class = runtime.InvocationRequest
        self._requests = requests
        self._responses = responses
        self._mark = mark
        self._ready = False

    def wait_next_invocation(self) -> Any:
        """Says once that the handler is imported, then waits for the next event."""
        if not self._ready:
            self._ready = True
            self._answer({"kind": "ready"})
        line = self._requests.readline()
        if not line:
            os._exit(0)  # the sandbox is gone; nobody is left to hear of it
        request = json.loads(line)
        return self._request_class(
            invoke_id=request["request_id"],
            x_amzn_trace_id=request["trace_id"],
            invoked_function_arn=request["function_arn"],
            deadline_time_in_ms=request["deadline_ms"],
            client_context=None,
            cognito_identity=None,
            tenant_id=None,
            content_type="application/json",
            event_body=request["payload"],
            invocation_id=None,
        )

    def post_invocation_result(self, _id: str, result: str | bytes, *_: object) -> None:
        """The handler returned."""
        text = result.decode() if isinstance(result, bytes) else result
        self._answer({"kind": "result", "payload": text})

    def post_invocation_error(self, _id: str, error: str, *_: object) -> None:
        """The handler raised."""
        self._answer({"kind": "error", "payload": error})

    def post_init_error(self, error: object, *_: object) -> None:
        """The handler could not be imported; the runtime ends the process after this."""
        self._answer({"kind": "init_error", "payload": json.dumps(error)})

    def _answer(self, message: dict[str, str]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._responses.write(json.dumps(message) + "\n")
        self._responses.flush()
        os.write(1, self._mark.encode())


def resolve_account_hosts() -> None:
    """Let a host such as 123456789012.127.0.0.1 be this machine, as DNS lets AWS's be AWS's.

    botocore asks what S3 has for a whole account at a host that begins with the account.
    """
    resolve = socket.getaddrinfo

    def ours(host: Any, *arguments: Any, **named: Any) -> Any:
        is_ours = isinstance(host, str) and host.endswith(f".{HOST}")
        return resolve(HOST if is_ours else host, *arguments, **named)

    socket.getaddrinfo = ours


def main() -> None:
    """Runs events until the pipe closes."""
    requests_fd, responses_fd, mark, task_root, runtime, handler = sys.argv[1:]
    for fd in (requests_fd, responses_fd):
        os.set_inheritable(int(fd), False)
    requests = os.fdopen(int(requests_fd), encoding="utf-8")
    responses = os.fdopen(int(responses_fd), "w", encoding="utf-8")
    sys.path[:0] = [task_root, runtime]
    sys.argv[:] = [handler]
    resolve_account_hosts()
    # Imported by name: until here there was nothing on the path to import it from.
    bootstrap = importlib.import_module("awslambdaric.bootstrap")
    bootstrap.run(handler, PipeClient(requests, responses, mark))


if __name__ == "__main__":
    main()
