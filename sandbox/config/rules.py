"""Invokes a custom rule's function as AWS Config does, for a change and on schedule.

Nothing does so by itself here: a test says when. Sources: AWS Config developer guide, example
events; published invocations.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import UnknownFunctionException

from sandbox.config.backend import StrictConfigBackend, backend_of, lets_config_in
from sandbox.config.items import Item, Items, iso
from sandbox.functions import find_function
from sandbox.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from moto.config.models import ConfigRule

    from sandbox.asynchronous import Asynchronous

CHANGE = "ConfigurationItemChangeNotification"
OVERSIZED = "OversizedConfigurationItemChangeNotification"
SCHEDULE = "ScheduledNotification"


class ConfigRules:
    """The rules of every region, and who invokes their functions."""

    def __init__(
        self,
        account: str,
        items: Items,
        asynchronous: Asynchronous,
        lock: AbstractContextManager[Any],
    ) -> None:
        self._account = account
        self._items = items
        self._asynchronous = asynchronous
        self._account_lock = lock

    def invoke(  # noqa: PLR0913 - all named; each is a way in which a rule can be invoked
        self,
        rule_name: str,
        region: str,
        resource: Mapping[str, str] | None = None,
        *,
        oversized: bool = False,
        left_scope: bool = False,
        only_payload: bool = False,
    ) -> dict[str, Any]:
        """Queues an invocation, and returns what it carries; or returns that and no more.

        `resource` has the `type` that has changed and, as `named`, its name, ARN or id; without
        one it is the schedule. Raises Refusal when the rule does not want that, there is no such
        resource, or the function does not let AWS Config in.
        """
        with self._account_lock:
            backend = backend_of(self._account, region)
            rule = backend.rule(rule_name)
            kind = SCHEDULE if resource is None else OVERSIZED if oversized else CHANGE
            arn = self._function(backend, rule, kind, region)
            event = self._event(kind, region, resource)
            payload = self._payload(backend, rule, event, left_scope=left_scope)
            if not only_payload:
                backend.statuses.note_invoked(rule)
        if not only_payload:
            self._asynchronous.enqueue(arn, json.dumps(payload))
        return payload

    def fail_evaluations(self, resource_ids: list[str], times: int | None, region: str) -> None:
        """Lets the next evaluations of these resources be among the failed ones."""
        with self._account_lock:
            backend_of(self._account, region).fail(resource_ids, times)

    def _function(
        self, backend: StrictConfigBackend, rule: ConfigRule, kind: str, region: str
    ) -> str:
        arn = str(rule.source.source_identifier)
        wanted = [str(each.message_type) for each in rule.source.source_details or ()]
        if kind not in wanted:
            raise Refusal("NotWanted", f"the rule is for {', '.join(wanted)}, not for {kind}")
        try:
            function = find_function(self._account, region, arn)
        except UnknownFunctionException as error:
            message = f"the function {arn} does not exist"
            backend.statuses.note_not_invoked(rule, message)
            raise Refusal("NotInvoked", message) from error
        if not lets_config_in(function, str(rule.config_rule_arn)):
            message = f"the function's resource policy does not let {rule.config_rule_arn} in"
            backend.statuses.note_not_invoked(rule, message)
            raise Refusal("NotInvoked", message)
        return arn

    def _event(self, kind: str, region: str, resource: Mapping[str, str] | None) -> dict[str, Any]:
        event: dict[str, Any] = {
            "messageType": kind,
            "notificationCreationTime": iso(datetime.now(UTC)),
            "recordVersion": "1.3",
        }
        if resource is None:
            return {"awsAccountId": self._account, **event, "recordVersion": "1.0"}
        item = self._items.capture(region, resource["type"], resource["named"])
        if item is None:
            message = f"there is no {resource['type']} {resource['named']}, and never was"
            raise Refusal("ResourceNotDiscoveredException", message)
        return event | self._about(kind, item)

    def _about(self, kind: str, item: Item) -> dict[str, Any]:
        if kind == OVERSIZED:
            return {"configurationItemSummary": item.summary(self._account)}
        return {"configurationItemDiff": None, "configurationItem": item.notified(self._account)}

    def _payload(
        self,
        backend: StrictConfigBackend,
        rule: ConfigRule,
        event: dict[str, Any],
        *,
        left_scope: bool,
    ) -> dict[str, Any]:
        partition = str(rule.config_rule_arn).split(":")[1]
        role = "role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
        return {
            "version": "1.0",
            "invokingEvent": json.dumps(event),
            "ruleParameters": rule.input_parameters or "{}",
            "resultToken": backend.begin(rule),
            "eventLeftScope": left_scope,
            "executionRoleArn": f"arn:{partition}:iam::{self._account}:{role}",
            "configRuleArn": rule.config_rule_arn,
            "configRuleName": rule.config_rule_name,
            "configRuleId": rule.config_rule_id,
            "accountId": self._account,
        }
