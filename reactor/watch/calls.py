"""A call of an API as its CloudTrail record tells it, read with suspicion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reactor.errors import shorten
from reactor.triggers.cloudtrail import why_foreign
from reactor.triggers.records import Caller, caller_of, mapping
from reactor.triggers.rules import CLOUDTRAIL_DETAIL_TYPE

_QUOTE = 120  # characters of a name or an ARN in a sentence, so that two of them fit into one
_READING = ("Describe", "Generate", "Get", "List", "Simulate")  # how calls that only read begin


@dataclass(frozen=True, slots=True)
class Call:
    """One call: of which service (`iam`, `lambda`, …), which event, by whom, with what.

    `error` is the errorCode of a failed call, and `message` what was said of it. A denied call's
    record has no request (seen in published records). `of_management` is false for the use of a
    thing, such as a function's invocation, where the trail logs that. `record` is all of it, as it
    came.
    """

    service: str
    name: str
    caller: Caller
    error: str | None
    message: str | None
    request: Mapping[str, Any]
    response: Mapping[str, Any]
    of_management: bool
    record: Mapping[str, Any]

    @property
    def by(self) -> str:
        """The caller, for a sentence."""
        return brief(self.caller.arn or self.caller.kind or "somebody unknown")

    @property
    def denied(self) -> bool:
        """Whether the caller was not allowed to do this."""
        return self.error is not None and self.error.startswith("AccessDenied")

    @property
    def hides_its_request(self) -> bool:
        """Whether CloudTrail left the request out as too large, which is a way to hide."""
        return "omitted" in self.request


def call_of(payload: Mapping[str, Any]) -> Call:
    """Read a delivery that `why_no_call` has nothing against."""
    detail = mapping(payload.get("detail"))
    error, message = detail.get("errorCode"), detail.get("errorMessage")
    return Call(
        service=str(payload.get("source")).removeprefix("aws."),
        name=str(detail.get("eventName")),
        caller=caller_of(detail),
        error=None if error is None else str(error),
        message=message if isinstance(message, str) else None,
        request=mapping(detail.get("requestParameters")),
        response=mapping(detail.get("responseElements")),
        of_management=detail.get("managementEvent") is True,
        record=detail,
    )


def why_no_call(payload: object, account: str) -> str | None:
    """Return why a delivery is no change, done or tried, in this account; None when it is one."""
    foreign = why_foreign(payload, account)
    if foreign is not None:
        return foreign
    envelope = mapping(payload)
    detail = mapping(envelope.get("detail"))
    if envelope.get("detail-type") != CLOUDTRAIL_DETAIL_TYPE:
        return f"not a call of an API: {shorten(envelope.get('detail-type'), 80)}"
    source, service = envelope.get("source"), detail.get("eventSource")
    # Only AWS puts events with such a source on a bus; the rule goes by it, and so does this.
    if source != f"aws.{str(service).removesuffix('.amazonaws.com')}":
        return f"malformed: the source of an event of {shorten(service, 80)} is another"
    name = detail.get("eventName")
    if not isinstance(name, str) or not name.strip():
        return "malformed: the event has no name"
    if detail.get("readOnly") is True or name.startswith(_READING):
        return f"only a read: {shorten(name, 80)}"
    return None


def brief(name: object) -> str:
    """Return a foreign name for a sentence."""
    return shorten(name, _QUOTE)
