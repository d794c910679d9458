"""Lambda's pollers of queues: a batch of messages is an invocation that somebody waits for.

    visible messages -> received, hidden -> invoked -> deleted, or left to come back

What was handled is deleted. What was not stays hidden until its visibility timeout is over, and
comes back with a receive more; after as many as the queue's redrive policy says, it goes to the
dead-letter queue. When the function fails, all of its batch was not handled. When it answers, all
was, unless the mapping has ReportBatchItemFailures and the answer names those that were not.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda_simple.models import lambda_simple_backends
from moto.iam.models import iam_backends
from moto.sqs.models import sqs_backends

from sandbox.authorization import allows
from sandbox.concurrency import ThrottledError
from sandbox.lineage import Lineage
from sandbox.mappings import PERMISSIONS, REPORTS, StrictMappings
from sandbox.queues import find_queue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from moto.awslambda.models import EventSourceMapping
    from moto.sqs.models import Message, Queue

    from sandbox.functions import Function
    from sandbox.invocations import FindFunction, Invoker
    from sandbox.unfinished import Unfinished

_TICK_SECONDS = 0.05
_THROTTLED_SECONDS = 0.1
_BATCHES_AT_ONCE = 5  # a new mapping's at AWS; a mapping's own limit comes before


class EventSources:
    """The mappings of every region, and who polls for them."""

    def __init__(
        self,
        account: str,
        *,
        invoker: Invoker,
        find: FindFunction,
        unfinished: Unfinished,
        lock: AbstractContextManager[Any],
    ) -> None:
        self._account = account
        self._invoker = invoker
        self._find = find
        self._unfinished = unfinished
        self._account_lock = lock
        self._batches: Counter[str] = Counter()  # mapping -> batches under way
        self._stopping = threading.Event()

    def start(self) -> None:
        """From now on queues are polled."""
        threading.Thread(target=self._run, name="event-sources", daemon=True).start()

    def stop(self) -> None:
        """Ends the polling."""
        self._stopping.set()

    def waiting(self) -> list[str]:
        """The functions for which a message waits that can be received now."""
        with self._account_lock:
            return [function.name for _, function, queue in self._polled() if _has_messages(queue)]

    def _run(self) -> None:
        while not self._stopping.wait(_TICK_SECONDS):
            with self._account_lock:
                for mapping, function, queue in self._polled():
                    self._take(mapping, function, queue)

    def _polled(self) -> Iterator[tuple[EventSourceMapping, Function, Queue]]:
        """The mappings that are switched on, can be worked, and have somebody to do it."""
        for backend in list(lambda_simple_backends[self._account].values()):
            for mapping in cast("StrictMappings", backend).mappings:
                queue = find_queue(mapping.event_source_arn)
                if not mapping.enabled or queue is None:
                    continue
                try:
                    function = self._find(mapping.function_arn)
                except UnknownFunctionException:
                    continue
                if self._may_poll(function):
                    yield mapping, function, queue

    def _may_poll(self, function: Function) -> bool:
        role = iam_backends[self._account][function.partition].get_role_by_arn(function.role_arn)
        return all(allows(role, f"sqs:{each}") for each in PERMISSIONS)

    def _take(self, mapping: EventSourceMapping, function: Function, queue: Queue) -> None:
        """Receives batches for as long as there are messages and room for one more."""
        limits = mapping.scaling_config or {}
        at_once = int(limits.get("MaximumConcurrency") or _BATCHES_AT_ONCE)
        while self._batches[mapping.uuid] < at_once and _has_messages(queue):
            backend = sqs_backends[queue.account_id][queue.region]
            hidden = int(queue.visibility_timeout)  # type: ignore[attr-defined]
            batch = backend.receive_message(queue.name, mapping.batch_size, 0, hidden, ["All"])
            if not batch:
                return  # they are dead letters now
            self._batches[mapping.uuid] += 1
            number = str(uuid.uuid4())
            self._unfinished.add(number, function.name)
            threading.Thread(
                target=self._handle,
                args=(number, mapping, function, queue, batch),
                name="batch",
                daemon=True,
            ).start()

    def _handle(
        self,
        number: str,
        mapping: EventSourceMapping,
        function: Function,
        queue: Queue,
        batch: list[Message],
    ) -> None:
        try:
            returned = self._invoke(mapping, function, queue, batch)
            with self._account_lock:
                for message in batch:
                    if message.id not in returned:
                        queue.delete_message(str(message.receipt_handle))
        except Exception as error:  # noqa: BLE001 - the function may be gone; the messages come back
            self._invoker.note_not_run(function.name, number, repr(error))
        finally:
            with self._account_lock:
                self._batches[mapping.uuid] -= 1
                self._unfinished.done(number)

    def _invoke(
        self, mapping: EventSourceMapping, function: Function, queue: Queue, batch: list[Message]
    ) -> frozenset[str]:
        """The ids of the messages that are to come back."""
        ids = frozenset(message.id for message in batch)
        event = {"Records": [_record(message, queue) for message in batch]}
        until = time.monotonic() + int(queue.visibility_timeout)  # type: ignore[attr-defined]
        lineage = Lineage.read(None).invoke(function.arn, may_loop=function.may_loop)
        while not self._stopping.is_set() and time.monotonic() < until:
            try:
                outcome = self._invoker.invoke(function.arn, json.dumps(event), lineage=lineage)
            except ThrottledError:
                self._stopping.wait(_THROTTLED_SECONDS)
                continue
            if outcome.error_type is not None:
                return ids
            reports = REPORTS in (mapping.function_response_types or ())
            return returned_by(outcome.payload, ids) if reports else frozenset()
        return ids


def returned_by(answer: str, ids: frozenset[str]) -> frozenset[str]:
    """The messages of a batch that an answer gives back, where the mapping heeds it.

    None when it gives back none, in any of the ways to say so; all when it is malformed, or names
    a message that is none of them (Lambda developer guide, "Success and failure conditions"). That
    an answer which is no object is malformed is our guess.
    """
    try:
        document = json.loads(answer or "null")
    except ValueError:
        return ids
    if document is None:
        return frozenset()
    failures = document.get("batchItemFailures") if isinstance(document, dict) else False
    if failures is None:
        return frozenset()
    if not isinstance(failures, list):
        return ids
    named = [each.get("itemIdentifier") if isinstance(each, dict) else None for each in failures]
    if any(each not in ids for each in named):
        return ids
    return frozenset(map(str, named))


def _has_messages(queue: Queue) -> bool:
    return bool(queue.messages)


def _record(message: Message, queue: Queue) -> dict[str, Any]:
    """A message as a function gets it (Lambda developer guide, SQS)."""
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": str(message.sender_id),
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        },
        "messageAttributes": {
            name: _attribute(value) for name, value in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.queue_arn,
        "awsRegion": queue.region,
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    """An attribute of a message, as a function gets it."""
    return {
        "stringValue": value.get("StringValue"),
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value.get("DataType"),
    }
