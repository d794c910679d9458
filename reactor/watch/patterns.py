"""The pattern of the rule that wakes the watch: wider than what is an alarm, never narrower.

One rule must hold it all, in 2,048 characters (EventBridge quotas) under any settings. So names
that settings give are matched by their ends, and the watch itself compares them whole.
"""

from collections.abc import Iterator
from typing import Any

from reactor.functions import functions_of
from reactor.names import APP, Function
from reactor.settings import Settings
from reactor.triggers.records import ROOT_USER
from reactor.triggers.rules import CLOUDTRAIL_DETAIL_TYPE, pattern_of
from reactor.watch.changes import GUARD_EVENTS, TRAIL_EVENTS
from reactor.watch.denied import DENIED_EVENTS
from reactor.watch.ours import STREAM_MADE, THINGS

_END = 32  # characters of a name that are matched
# A name of ours in a name, an ARN, a URL or a path (EventBridge user guide, wildcards).
_OURS = {"wildcard": f"*{APP}-*"}


def watch_pattern(settings: Settings) -> dict[str, object]:
    """Return the pattern, in which one branch for each reason to wake is enough."""
    branches = [*_abuse(), *_guard(settings), *_list(settings), _trail(), _reactor()]
    return {"detail-type": [CLOUDTRAIL_DETAIL_TYPE], "$or": branches}


def rule_patterns(settings: Settings) -> dict[Function, dict[str, Any] | str]:
    """Return the patterns of all rules; for the sweep's, the expression of its schedule."""
    patterns = {each: pattern_of(each, settings) for each in functions_of(settings)}
    patterns[Function.WATCH] = watch_pattern(settings)
    if Function.BUCKETS in patterns:
        # A start of functions that react to users need not wait for it.
        from reactor.buckets.events import buckets_pattern  # noqa: PLC0415

        patterns[Function.BUCKETS] = buckets_pattern(settings)
    of_events = {each: pattern for each, pattern in patterns.items() if pattern is not None}
    return {**of_events, Function.SWEEP: sweep_schedule(settings)}


def sweep_schedule(settings: Settings) -> str:
    """Return the expression of the sweep's schedule, as Chalice writes its rate."""
    minutes = settings.sweep_minutes
    return f"rate({minutes} {'minute' if minutes == 1 else 'minutes'})"


def _abuse() -> Iterator[object]:
    """Whatever users and root do in IAM; EventBridge delivers no reads."""
    yield _branch("iam", userIdentity={"type": ["IAMUser", "Root"]})
    yield _branch("iam", requestParameters={"userName": [ROOT_USER]})


def _guard(settings: Settings) -> Iterator[object]:
    end = f"/{settings.guard_policy.rpartition('/')[2]}"[-_END:]
    # No ARN: left out as too large. Two choices, because no documentation says that `exists` goes
    # with other filters in one list.
    policy = _any_member(("policyArn", {"suffix": end}), ("policyArn", {"exists": False}))
    yield _branch("iam", eventName=sorted(GUARD_EVENTS), requestParameters=policy)
    yield _branch("iam", eventName=["CreatePolicy"])
    denied = [{"prefix": "AccessDenied"}]
    yield _branch("iam", eventName=sorted(DENIED_EVENTS), errorCode=denied)


def _list(settings: Settings) -> Iterator[object]:
    if settings.exempt_parameter:
        end = {"suffix": settings.exempt_parameter.removeprefix("/")[-_END:]}
        # DeleteParameters has a list, any of which will do.
        yield _branch("ssm", requestParameters=_any_member(("name", end), ("names", end)))


def _trail() -> object:
    return _branch("cloudtrail", eventName=sorted(TRAIL_EVENTS))


def _reactor() -> object:
    """Whatever is done with things of ours, but for what comes of their work.

    Where a trail logs invocations and messages, each waking of the watch would wake it again: those
    are no management events.
    """
    return _branch(
        *sorted({thing.service for thing in THINGS}),
        managementEvent=[True],
        eventName=[{"anything-but": [STREAM_MADE]}],
        requestParameters=_any_member(
            *((member, _OURS) for thing in THINGS for member in thing.members)
        ),
    )


def _any_member(*choices: tuple[str, object]) -> dict[str, object]:
    return {"$or": [{member: [choice]} for member, choice in choices]}


def _branch(*services: str, **detail: Any) -> dict[str, object]:  # noqa: ANN401 - a pattern is JSON
    return {"source": [f"aws.{service}" for service in services], "detail": detail}
