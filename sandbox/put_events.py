"""PutEvents: what anybody may put on the account's bus. Sources of AWS's own are not among it."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.wire import Call, Refusal, Reply

if TYPE_CHECKING:
    from sandbox.events import Bus


MOST_ENTRIES = 10
MOST_BYTES = 256 * 1024  # 1 MB at AWS since January 2026; not all of its documents say so


def put_events(call: Call, bus: Bus) -> Reply:
    """Puts each entry on the default bus, or says entry by entry why not."""
    asked = call.parameters.get("Entries", [])
    if not 0 < len(asked) <= MOST_ENTRIES:
        message = (
            f"1 validation error detected: Value at 'entries' failed to satisfy constraint: Member"
            f" must have length less than or equal to {MOST_ENTRIES}"
        )
        raise Refusal("ValidationException", message)
    if sum(map(_size, asked)) > MOST_BYTES:
        raise Refusal("ValidationException", "Total size of the entries in the request is over")
    entries = [_put(entry, call.region, bus) for entry in asked]
    failed = sum("ErrorCode" in entry for entry in entries)
    body = json.dumps({"FailedEntryCount": failed, "Entries": entries})
    headers = [("Content-Type", "application/x-amz-json-1.1")]
    return Reply(200, [*headers, ("x-amzn-RequestId", str(uuid.uuid4()))], body.encode())


def _put(entry: dict[str, Any], region: str, bus: Bus) -> dict[str, str]:
    if entry.get("EventBusName", "default") != "default":
        message = (
            f"The sandbox does not play the bus {entry['EventBusName']}, only the default one."
        )
        raise Refusal("NotImplementedInSandbox", message, 501)
    source = str(entry.get("Source", ""))
    if source.startswith("aws."):
        return _failed("NotAuthorizedForSourceException", "Not authorized for the source.")
    try:
        detail = json.loads(entry["Detail"])
    except (KeyError, ValueError):
        return _failed("MalformedDetail", "Detail is malformed.")
    event_id = str(uuid.uuid4())
    bus.put(
        {
            "version": "0",
            "id": event_id,
            "detail-type": entry.get("DetailType", ""),
            "source": source,
            "account": bus.account,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": entry.get("Resources", []),
            "detail": detail,
        }
    )
    return {"EventId": event_id}


def _failed(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}


def _size(entry: dict[str, Any]) -> int:
    """As EventBridge counts it (user guide, calculating PutEvents event entry size)."""
    texts = [entry.get(each, "") for each in ("Source", "DetailType", "Detail")]
    return sum(len(each.encode()) for each in [*texts, *entry.get("Resources", [])])
