"""Sending to Slack: its own client with its own retries, held to a time, and kept from telling.

The URL is the secret: whoever has it can write to the channel. It must be one of Slack's, and
nothing here repeats it: the client's log is closed, and its errors are told by their kind.
"""

import logging
import math
import re
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.webhook import WebhookClient

from reactor.errors import Permanent, ReactorError, Transient, shorten

# docs.slack.dev, sending messages using incoming webhooks; the second host is GovSlack's. Other
# paths are of workflows' triggers, which take no message but variables that each names itself.
SLACK_URL = re.compile(r"https://hooks\.slack(?:-gov)?\.com/services/[A-Za-z0-9/_-]{1,256}")
_BACKOFF_SECONDS = 4.0  # the client's pause before its third further try
ATTEMPT_SECONDS = 5  # for Slack to take, and to answer, one request
TRIES = 3  # after the first
_GONE = frozenset({400, 401, 403, 404, 410})  # another try cannot help
_OK, _TOO_SLOW, _TOO_MANY, _FAILED = 200, 408, 429, 500
_SECONDS = re.compile(r" *[0-9]{1,6} *")  # as the client reads them, and no more than eleven days
_REMEDY = "see that the secret holds the URL of a webhook that Slack still knows"


class Busy(Transient):
    """Slack wants to be left alone, for so many `seconds` if it said how many, or else for 0."""

    def __init__(self, what: str, seconds: int = 0) -> None:
        super().__init__(what, remedy="nothing if it happens once; else give it another channel")
        self.seconds = seconds


class Webhook:
    """One webhook, for one invocation, which has so many `seconds` for all it sends.

    No try is begun that would not end in them. One try may take longer than that, and than
    `attempt_seconds`: this is how long the client waits for each next byte, and whoever sends one
    now and then holds it. Whoever calls must be able to leave it behind, as `deliver` does.
    `taken` are the URLs that it takes. Raises Permanent for any other, and does not repeat it.
    """

    def __init__(
        self,
        url: str,
        *,
        seconds: float,
        taken: re.Pattern[str] = SLACK_URL,
        attempt_seconds: int = ATTEMPT_SECONDS,
    ) -> None:
        if not taken.fullmatch(url):
            raise Permanent(
                "the secret of REACTOR_SLACK_WEBHOOK holds no URL of a Slack webhook",
                remedy="put the URL of an incoming webhook there, https://hooks.slack.com/services/…,"
                " and nothing else",
            )
        self._until = time.monotonic() + seconds
        self._attempt_seconds = attempt_seconds
        self._client = WebhookClient(
            url, timeout=attempt_seconds, logger=_SILENT, retry_handlers=_handlers(self._has_time)
        )

    def send(self, body: dict[str, Any]) -> None:
        """Send one message. Raises ReactorError when Slack did not take it."""
        if not self._has_time(0):
            raise Transient("no time was left to tell Slack", remedy=_LATER)
        try:
            answer = self._client.send_dict(body)
        except Exception as error:  # noqa: BLE001 - its own may have the URL in them
            # Nor may what nobody foresaw be told with its traceback.
            raise _of_exception(error) from None
        if answer.status_code != _OK or answer.body != "ok":
            raise _of_answer(answer.status_code, answer.body, answer.headers)

    def _has_time(self, pause_seconds: float) -> bool:
        return time.monotonic() + pause_seconds + self._attempt_seconds < self._until


_LATER = "nothing if it happens once; if it lasts, see status.slack.com"


class _RateLimit(RateLimitErrorRetryHandler):
    """Waits for as long as Slack says, if there is so much time."""

    def __init__(self, has_time: Callable[[float], bool]) -> None:
        super().__init__(max_retry_count=TRIES)
        self._has_time = has_time

    def _can_retry(self, **met: Any) -> bool:  # noqa: ANN401 - Slack's own
        return super()._can_retry(**met) and self._has_time(_pause_seconds(met["response"]))


class _Connection(ConnectionErrorRetryHandler):
    """Tries again what did not get through, while there is time."""

    def __init__(self, has_time: Callable[[float], bool]) -> None:
        super().__init__(max_retry_count=TRIES)
        # What hung may have been taken; see below.
        self.error_types_to_do_retries = [*self.error_types_to_do_retries, TimeoutError]
        self._has_time = has_time

    def _can_retry(self, **met: Any) -> bool:  # noqa: ANN401 - Slack's own
        return super()._can_retry(**met) and self._has_time(_BACKOFF_SECONDS)


class _Server(ServerErrorRetryHandler):
    """Tries again what Slack, or what stands before it, failed on, while there is time."""

    def __init__(self, has_time: Callable[[float], bool]) -> None:
        super().__init__(max_retry_count=TRIES)
        self._has_time = has_time

    def _can_retry(self, *, response: HttpResponse | None = None, **_: Any) -> bool:  # noqa: ANN401 - Slack's own
        # Of these the client's own takes 500 and 503 alone.
        failed = response is not None and (
            response.status_code == _TOO_SLOW or response.status_code >= _FAILED
        )
        return failed and self._has_time(_BACKOFF_SECONDS)


def _handlers(has_time: Callable[[float], bool]) -> list[RetryHandler]:
    return [_RateLimit(has_time), _Connection(has_time), _Server(has_time)]


def _pause_seconds(response: HttpResponse) -> float:
    """Return how long the client would wait; for ever, where it could not read what Slack says."""
    said = _retry_after(response.headers)
    if said is None:
        return 2.0  # what the client waits then, at most
    return int(said) + 1.0 if _SECONDS.fullmatch(said) else math.inf  # it adds up to one


def _retry_after(headers: Mapping[str, Any]) -> str | None:
    """Return what Slack says of when to ask again; values are lists of texts, or texts."""
    said = {name.lower(): value for name, value in headers.items()}.get("retry-after")
    return said[0] if isinstance(said, list) else said


def _of_answer(status: int, body: str, headers: Mapping[str, Any]) -> ReactorError:
    what = f"Slack answered {status}: {shorten(body, 80)}"
    if status in _GONE:
        return Permanent(what, remedy=_REMEDY)
    if status == _TOO_MANY:
        said = _retry_after(headers) or ""
        return Busy(what, int(said) if _SECONDS.fullmatch(said) else 0)
    return Transient(what, remedy=_LATER)


def _of_exception(error: Exception) -> ReactorError:
    """Return what may be told of the client's error: its kind, and the system's word on it."""
    if isinstance(error, URLError):
        return Transient(f"Slack was not reached: {_system(error.reason)}", remedy=_LATER)
    if isinstance(error, TimeoutError | OSError | HTTPException):
        kind = type(error).__name__
        # It may have been taken all the same: one told twice is better than one not told.
        return Transient(f"Slack took no message, or gave no answer: {kind}", remedy=_LATER)
    return Permanent(
        f"the message could not be sent: {type(error).__name__}", remedy="report this as a bug"
    )


def _system(reason: object) -> str:
    words = getattr(reason, "strerror", None) or type(reason).__name__
    return shorten(words, 80)


def _closed_logger() -> logging.Logger:
    """Return a logger that nothing comes out of.

    The client writes the URL at INFO and DEBUG, and takes a logger without a level for DEBUG.
    """
    logger = logging.getLogger(f"{__name__}.client")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    return logger


_SILENT = _closed_logger()
