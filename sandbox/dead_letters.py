"""What EventBridge does with an event that it could not deliver to a target.

A function that is gone, or lets the rule not in, is no reason to try again: the event goes to the
target's dead-letter queue at once, if it has one and the queue's policy lets the rule send to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.queues import find_queue, lets_in, send

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_SENDER = "events.amazonaws.com"


class DeadLetters:
    """The dead-letter queues of rules' targets."""

    def __init__(self, lock: AbstractContextManager[Any]) -> None:
        self._account_lock = lock

    def send(
        self,
        rule_arn: str,
        target: dict[str, Any],
        envelope: dict[str, Any],
        error: tuple[str, str],
    ) -> str | None:
        """Sends the event with the error's code and message.

        Returns why it could not; None when it could, or the target has no queue.
        """
        arn = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not arn:
            return None
        code, message = error
        attributes = {
            "RULE_ARN": rule_arn,
            "TARGET_ARN": str(target["Arn"]),
            "ERROR_CODE": code,
            "ERROR_MESSAGE": message,
            "RETRY_ATTEMPTS": "0",
        }
        with self._account_lock:
            queue = find_queue(arn)
            if queue is None:
                return f"not sent to {arn}: no such queue"
            if not lets_in(queue, _SENDER, rule_arn):
                return f"not sent to {arn}: its policy does not let {rule_arn}"
            send(queue, envelope, attributes)
        return None
