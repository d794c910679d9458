"""reactor.inspection.queues: what waits, and what brings notices to the function `compliance`."""

import pytest

from reactor.errors import ReactorError
from reactor.inspection.facts import EventSource
from reactor.inspection.findings import State
from reactor.inspection.queues import dead_notices, deaf, event_sources, queue
from tests.fakes.inspection import STAGE, denied

QUEUE = STAGE.queue_arn("mfa-reactor-prod-notifications")
THEIRS = STAGE.queue_arn("theirs")
FOREIGN = "arn:aws:sqs:us-east-1:999999999999:theirs"
GOOD = EventSource("m", QUEUE, heeds=True, enabled=True)


def leads(queue_arn: str) -> tuple[EventSource, ...]:
    """Return a mapping of a queue that is in order."""
    return (EventSource("n", queue_arn, heeds=True, enabled=True),)


@pytest.mark.parametrize(
    ("waiting", "state", "what"),
    [
        pytest.param(0, State.OK, "is empty", id="empty"),
        pytest.param(1, State.FAILED, "1 event waits", id="one"),
        pytest.param(7, State.FAILED, "7 events wait", id="some"),
        pytest.param(None, State.FAILED, "there is no queue", id="missing"),
        pytest.param(denied(), State.UNKNOWN, "could not be read", id="unreadable"),
    ],
)
def test_queue(waiting: int | ReactorError | None, state: State, what: str) -> None:
    """What lies in the queue did not get through."""
    finding = queue(STAGE, "mfa-reactor-prod-failed", waiting)
    assert (finding.check, finding.state) == ("queue-failed", state)
    assert what in finding.what


@pytest.mark.parametrize(
    ("waiting", "sources", "state", "said"),
    [
        pytest.param(0, (GOOD,), State.OK, "notifications-failed is empty", id="empty"),
        pytest.param(None, (), State.OK, "no queue of our own", id="neither queue"),
        pytest.param(None, leads(THEIRS), State.OK, "no queue of our own", id="somebody else's"),
        pytest.param(
            2,
            (GOOD,),
            State.FAILED,
            "2 notices wait in the queue mfa-reactor-prod-notifications-failed aws sqs"
            " start-message-move-task --source-arn"
            " arn:aws:sqs:us-east-1:123456789012:mfa-reactor-prod-notifications-failed"
            " --region us-east-1, once",
            id="some wait",
        ),
        pytest.param(
            None,
            (GOOD,),
            State.FAILED,
            "there is no queue mfa-reactor-prod-notifications-failed",
            id="it was deleted, and the queue before it was not",
        ),
        pytest.param(denied(), (GOOD,), State.UNKNOWN, "allow some:Read", id="unreadable"),
        pytest.param(None, denied(), State.UNKNOWN, "allow some:Read", id="needed or not"),
    ],
)
def test_notices_that_came_to_nothing(
    waiting: int | ReactorError | None,
    sources: tuple[EventSource, ...] | ReactorError,
    state: State,
    said: str,
) -> None:
    """They are told apart from events that a function failed on, and sent again otherwise."""
    finding = dead_notices(STAGE, waiting, sources)
    assert (finding.check, finding.state) == ("queue-notifications-failed", state)
    assert said in f"{finding.what} {finding.remedy}"


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        pytest.param((), State.OK, "no queue brings notices", id="none is connected"),
        pytest.param((GOOD,), State.OK, "works off mfa-reactor-prod-notifications", id="in order"),
        pytest.param(
            (EventSource("m", QUEUE, heeds=False, enabled=True),),
            State.FAILED,
            "update-event-source-mapping --uuid m --region us-east-1 --function-response-types",
            id="what is given back is not heeded",
        ),
        pytest.param(
            (EventSource("m", QUEUE, heeds=True, enabled=False),),
            State.FAILED,
            "update-event-source-mapping --uuid m --region us-east-1 --enabled",
            id="switched off",
        ),
        pytest.param(
            denied("lambda:ListEventSourceMappings"),
            State.UNKNOWN,
            "which queues mfa-reactor-prod-compliance works off",
            id="unreadable",
        ),
    ],
)
def test_queues_of_notices(
    found: tuple[EventSource, ...] | ReactorError, state: State, said: str
) -> None:
    """One that heeds not what comes back, or brings nothing, is told with what mends it."""
    finding = event_sources(STAGE, (), found, {})
    assert (finding.check, finding.state) == ("mappings", state)
    assert said in finding.what + finding.remedy


@pytest.mark.parametrize(
    ("named", "found", "there", "state", "said"),
    [
        pytest.param(THEIRS, leads(THEIRS), True, State.OK, "works off theirs", id="connected"),
        pytest.param(
            THEIRS, leads(THEIRS), False, State.FAILED, "there is no queue arn:", id="deleted"
        ),
        pytest.param(
            THEIRS,
            (GOOD,),
            True,
            State.FAILED,
            "aws lambda create-event-source-mapping --function-name mfa-reactor-prod-compliance"
            f" --event-source-arn {THEIRS} --region us-east-1",
            id="it leads nowhere",
        ),
        pytest.param(
            "arn:aws:sqs:eu-west-1:123456789012:theirs",
            (),
            True,
            State.FAILED,
            "is in another region",
            id="where Lambda does not look",
        ),
        pytest.param(FOREIGN, leads(FOREIGN), False, State.OK, "works off", id="hidden from us"),
        pytest.param(FOREIGN, (), False, State.FAILED, "there is no queue", id="another account's"),
        pytest.param(THEIRS, (GOOD,), denied(), State.UNKNOWN, "some:Read", id="unreadable"),
    ],
)
def test_queues_that_the_setting_names(
    named: str,
    found: tuple[EventSource, ...],
    there: bool | ReactorError,
    state: State,
    said: str,
) -> None:
    """Each must be there, and lead to the function: else nobody hears what is sent to it."""
    known: dict[str, bool | ReactorError] = {named: there}
    finding = event_sources(STAGE, (named,), found, known)
    assert (finding.check, finding.state) == ("mappings", state)
    assert said in finding.what + finding.remedy


def test_the_words_on_a_deaf_mapping_have_its_region() -> None:
    """They are the function's alarm, too, which knows no stage."""
    finding = deaf("arn:aws-cn:sqs:cn-north-1:123456789012:q", "m")
    assert (finding.check, finding.state) == ("mappings", State.FAILED)
    assert "--uuid m --region cn-north-1 " in finding.remedy
