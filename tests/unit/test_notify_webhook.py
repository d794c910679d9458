"""reactor.notify.webhook: Slack on the loopback interface, on good days and bad ones."""

import logging
import re
import socket
import time
from collections.abc import Iterator

import pytest

from reactor.errors import Permanent, ReactorError, Transient
from reactor.notify.webhook import SLACK_URL, Busy, Webhook
from tests.fakes.slack import Answer, SlackServer, slack_server

LOCAL = re.compile(r"http://127\.0\.0\.1:[0-9]+/services/[A-Za-z0-9/]+")
BODY = {"text": "hello", "blocks": [], "unfurl_links": False, "unfurl_media": False}
SECRET = "sEcReT"


@pytest.fixture
def server() -> Iterator[SlackServer]:
    """A Slack of our own."""
    with slack_server() as serving:
        yield serving


def webhook(url: str, seconds: float = 20.0) -> Webhook:
    """Return a webhook that may call this machine, and waits a second for an answer."""
    return Webhook(url, seconds=seconds, taken=LOCAL, attempt_seconds=1)


def busy(seconds: object) -> Answer:
    """Return what Slack says when it was asked too often."""
    return Answer(429, "rate_limited", (("Retry-After", str(seconds)),))


def test_a_message_is_taken(server: SlackServer) -> None:
    """It comes as it was made."""
    webhook(server.url).send(BODY)
    assert server.taken == [BODY]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([busy(1)], id="asked too often"),
        pytest.param([busy(" 1 ")], id="asked too often, it says with blanks"),
        pytest.param([busy(0)] * 3, id="as often as there are tries"),
        pytest.param([Answer(500, "")], id="broken"),
        pytest.param([Answer(502, ""), Answer(504, "")], id="cut off by what stands before it"),
        pytest.param([Answer(408, "")], id="too slow a request, it says"),
        pytest.param([Answer(503, ""), busy(0), Answer(500, "")], id="one after the other"),
        pytest.param([Answer(hangs=1.5)], id="no answer once"),
    ],
)
def test_nothing_is_lost_below_the_limit_of_tries(
    server: SlackServer, answers: list[Answer]
) -> None:
    """Slack takes it in the end, after the pause that it asked for."""
    asked = sum(int(value) for each in answers for _, value in each.headers)
    server.answers = list(answers)
    started = time.monotonic()
    webhook(server.url).send(BODY)
    assert server.taken == [BODY]
    assert time.monotonic() - started >= asked


@pytest.mark.parametrize(
    ("always", "kind", "said", "tries"),
    [
        (busy(0), Transient, "Slack answered 429: rate_limited", 4),
        (busy(3600), Transient, "Slack answered 429: rate_limited", 1),  # longer than there is
        (busy("soon"), Transient, "Slack answered 429: rate_limited", 1),
        (Answer(500, ""), Transient, "Slack answered 500: ", 4),
        (busy(-5), Transient, "Slack answered 429: rate_limited", 1),
        (busy(""), Transient, "Slack answered 429: rate_limited", 1),
        (busy("1.5"), Transient, "Slack answered 429: rate_limited", 1),
        (busy("9" * 400), Transient, "Slack answered 429: rate_limited", 1),
        (Answer(502, ""), Transient, "Slack answered 502: ", 4),
        (Answer(404, "no_service"), Permanent, "Slack answered 404: no_service", 1),
        (Answer(400, "invalid_blocks"), Permanent, "Slack answered 400: invalid_blocks", 1),
        (Answer(200, "<html>"), Transient, "Slack answered 200: <html>", 1),
        (Answer(hangs=1.5), Transient, "Slack took no message, or gave no answer: Timeout", 4),
    ],
)
def test_what_slack_does_not_take_is_an_error(
    server: SlackServer, always: Answer, kind: type[ReactorError], said: str, tries: int
) -> None:
    """With its reason, and a remedy; after as many tries as may help, and no more."""
    server.always = always
    with pytest.raises(kind) as caught:
        webhook(server.url).send(BODY)
    assert str(caught.value).startswith(said)
    assert caught.value.remedy
    assert len(server.asked) == tries
    assert server.taken == []


@pytest.mark.parametrize(
    ("said", "seconds"), [(busy(120), 120), (busy(-5), 0), (busy("soon"), 0), (Answer(429), 0)]
)
def test_how_long_slack_wants_to_be_left_alone(
    server: SlackServer, said: Answer, seconds: int
) -> None:
    """Longer than there is time now: whoever tries again later heeds it, where it is a number."""
    server.always = said
    with pytest.raises(Busy) as caught:
        webhook(server.url, seconds=1.5).send(BODY)
    assert caught.value.seconds == seconds


def test_nobody_is_there() -> None:
    """A refused connection is tried again, and then told."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/services/{SECRET}"
        with pytest.raises(Transient, match="Slack was not reached: Connection refused"):
            webhook(url).send(BODY)


def test_it_ends_in_its_time(server: SlackServer) -> None:
    """Whatever Slack does: the function has others to tell, and an end."""
    server.always = Answer(hangs=5)
    started = time.monotonic()
    with pytest.raises(Transient, match="gave no answer"):
        webhook(server.url, seconds=2.5).send(BODY)
    with pytest.raises(Transient, match="no time was left"):
        webhook(server.url, seconds=0.5).send(BODY)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "url",
    [
        f"http://hooks.slack.com/services/{SECRET}",
        f"https://hooks.slack.com.evil.example/services/{SECRET}",
        f"https://evil.example/https://hooks.slack.com/{SECRET}",
        f"https://hooks.slack.com:8443/services/{SECRET}",
        f"https://user@hooks.slack.com/services/{SECRET}",
        f"https://hooks.slack.com/services/{SECRET}?x=1",
        f"https://hooks.slack.com/services/{SECRET}\n",
        # A workflow's trigger has variables of its own, and answers in JSON.
        f"https://hooks.slack.com/triggers/{SECRET}",
        f"https://hooks.slack.com/workflows/{SECRET}",
        f"file:///etc/{SECRET}",
        SECRET,
        "",
    ],
)
def test_only_slack_is_called(url: str) -> None:
    """Whoever can write the secret cannot have the function call something else; nor is it told."""
    with pytest.raises(Permanent) as caught:
        Webhook(url, seconds=20)
    assert SECRET not in str(caught.value) + caught.value.remedy


@pytest.mark.parametrize(
    "url", ["https://hooks.slack.com/services/T0/B0/x-_", "https://hooks.slack-gov.com/services/x"]
)
def test_slacks_own_urls(url: str) -> None:
    """GovSlack's, too."""
    assert SLACK_URL.fullmatch(url)
    Webhook(url, seconds=20)


@pytest.mark.parametrize("always", [Answer(), busy(0), Answer(500, ""), Answer(hangs=1.5)])
def test_the_url_is_never_told(
    server: SlackServer, always: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither by the client's log, at its loudest, nor by an error and what led to it."""
    server.always = always
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        try:
            webhook(server.url, seconds=4).send(BODY)
        except ReactorError as error:
            told = [repr(each) for each in (error, error.__cause__, error.remedy)]
    assert SECRET not in caplog.text + "".join(told)
    assert server.asked
