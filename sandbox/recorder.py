"""Keeps the record of each call, and hands it to EventBridge when a trail logs it."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox import cloudtrail

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from sandbox.callers import Caller
    from sandbox.events import Bus
    from sandbox.trails import Trails
    from sandbox.wire import Call, Reply


class Recorder:
    """CloudTrail: all records, whether or not anybody hears of them."""

    def __init__(self, trails: Trails, bus: Bus, lock: AbstractContextManager[Any]) -> None:
        self._trails = trails
        self._bus = bus
        self._account_lock = lock
        self._records: list[dict[str, Any]] = []
        self._records_lock = threading.Lock()

    def records(self) -> list[dict[str, Any]]:
        """The records, oldest first."""
        with self._records_lock:
            return list(self._records)

    def is_logged_before(self, call: Call) -> bool:
        """Whether a call on a trail is logged as things are now, before it is answered.

        What stops a trail is the last that the trail logs.
        """
        if call.service != "cloudtrail":
            return False
        with self._account_lock:
            return self._trails.log_call(call)

    def record(
        self,
        call: Call,
        caller: Caller,
        result: Mapping[str, Any],
        reply: Reply,
        *,
        logged_before: bool,
    ) -> None:
        """Records an answered call."""
        ids = [value for name, value in reply.headers if name.lower() == "x-amzn-requestid"]
        record = cloudtrail.record(
            call,
            caller,
            result=result,
            request_id=ids[0] if ids else str(uuid.uuid4()),
            at=datetime.now(UTC),
        )
        # What leaves the account is JSON; nothing of moto's may be shared with it.
        record = json.loads(json.dumps(record))
        with self._records_lock:
            self._records.append(record)
        with self._account_lock:
            logged = logged_before or self._trails.log(record)
        if logged:
            self._bus.deliver_record(record)
