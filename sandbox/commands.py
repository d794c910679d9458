"""The control endpoint's client side, typed: what a test may ask that no AWS API offers."""

from __future__ import annotations

import http.client
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence


class SandboxError(Exception):
    """The sandbox did not start, or refused a command; says why."""


class Control:
    """The control endpoint, typed. Every method raises SandboxError when it is refused."""

    def __init__(self, url: str, region: str) -> None:
        self._address = urlsplit(url).netloc
        self._region = region

    def lose_next_event(self, name: str | None = None) -> None:
        """The next CloudTrail record reaches no rule. It is still among the records.

        With a name it is the next record of that event, e.g. UpdateFunctionCode20150331v2.
        """
        self._command("lose_next_event", name=name)

    def fire_schedule(self, rule_name: str, region: str | None = None) -> list[str]:
        """Lets a rule with a schedule go off now; returns the ARNs of the functions invoked."""
        arns: list[str] = self._command(
            "fire_schedule", rule_name=rule_name, region=region or self._region
        )
        return arns

    def set_schedule_speed(self, times: float) -> None:
        """Makes the clock of the rates run `times` as fast as it should (1 is on time)."""
        self._command("set_schedule_speed", times=times)

    def set_event_age_speed(self, times: float) -> None:
        """Makes events that wait for a function grow old `times` as fast (1 is as they should)."""
        self._command("set_event_age_speed", times=times)

    def set_throttled_pauses(self, times: float | None) -> None:
        """Makes throttled events wait as at AWS, from 1 s to 5 minutes, `times` as fast.

        None, as it is at first: until there is room.
        """
        self._command("set_throttled_pauses", times=times)

    def records(self) -> list[dict[str, Any]]:
        """CloudTrail's records, oldest first."""
        records: list[dict[str, Any]] = self._command("records")
        return records

    def set_latency(self, milliseconds: float, operations: Sequence[str] | None = None) -> None:
        """Makes every AWS call, or those of these operations, take this much longer."""
        self._command("set_latency", milliseconds=milliseconds, operations=operations)

    def set_throttle(
        self,
        rate_per_second: float | None,
        burst: float | None = None,
        operations: Sequence[str] | None = None,
        spared_roles: Sequence[str] = (),
    ) -> None:
        """Throttles IAM: so many calls a second, and as many at once as `burst`.

        Without operations all calls share one bucket; with them, each operation has one of its own
        besides. Calls of spared roles (by name) are not counted. A rate of None is off: for the
        operations named, or altogether.
        """
        self._command(
            "set_throttle",
            rate_per_second=rate_per_second,
            burst=burst,
            operations=operations,
            spared_roles=spared_roles,
        )

    def set_failures(
        self,
        share: float,
        operations: Sequence[str] | None = None,
        seed: int = 0,
        users: Sequence[str] | None = None,
    ) -> None:
        """Lets this share of IAM's calls fail with a 500 or 503; 0 is off.

        Of these operations only, and of those that name one of these users only.
        """
        self._command("set_failures", share=share, operations=operations, seed=seed, users=users)

    def set_staleness(self, seconds: float, seed: int | None = None) -> None:
        """Lets IAM's reads see what was so many seconds ago; 0 is off.

        With a seed, each read looks back as far as the dice say, up to that.
        """
        self._command("set_staleness", seconds=seconds, seed=seed)

    def set_page_size(
        self,
        items: int | None,
        seed: int | None = None,
        operations: Sequence[str] | None = None,
    ) -> None:
        """Lets IAM's lists (of these operations) come in shorter pages than asked; None is off.

        A page has so many items at most; with a seed it has as many as the dice say, up to that,
        and none now and then.
        """
        self._command("set_page_size", items=items, seed=seed, operations=operations)

    def calls(self) -> list[dict[str, Any]]:
        """Every AWS call answered, in the order of the answers.

        service, action, region, caller (ARN), started and ended (seconds since the epoch), status,
        error (code or None).
        """
        calls: list[dict[str, Any]] = self._command("calls")
        return calls

    def clear_calls(self) -> None:
        """Forgets the calls so far."""
        self._command("clear_calls")

    def settle(self, timeout_seconds: float = 30.0) -> None:
        """Waits until no invocation is queued, running or waiting for a retry.

        Raises TimeoutError, naming what still runs.
        """
        self._command("settle", timeout_seconds=timeout_seconds)

    def invoke_event(self, envelope: dict[str, Any]) -> list[str]:
        """Puts an envelope on the bus as if AWS delivered it; returns the functions' ARNs."""
        arns: list[str] = self._command("invoke_event", envelope=envelope)
        return arns

    def compliance_change(
        self, rule: str, resource_type: str, resource_id: str, compliance: str, region: str = ""
    ) -> list[str]:
        """Has AWS Config tell EventBridge what a rule found; returns the functions' ARNs."""
        arns: list[str] = self._command(
            "compliance_change",
            rule=rule,
            resource_type=resource_type,
            resource_id=resource_id,
            compliance=compliance,
            region=region or self._region,
        )
        return arns

    def show_hidden_messages(self, queue_name: str) -> int:
        """Ends the visibility timeouts of a queue's messages now; returns how many came back."""
        count: int = self._command(
            "show_hidden_messages", queue_name=queue_name, region=self._region
        )
        return count

    def reset_functions(self) -> None:
        """Ends all warm workers: the next invocation of each function is a cold one."""
        self._command("reset_functions")

    def invocations(self) -> list[dict[str, Any]]:
        """Every attempt, oldest first.

        function, event_id, request_id, attempt (1 to 3; 0 for what went wrong outside the function,
        with the reason in error), started, ended (seconds since the epoch), ok, error (None when
        ok), cold.
        """
        invocations: list[dict[str, Any]] = self._command("invocations")
        return invocations

    def console_session(self, user_name: str, mfa: bool) -> dict[str, str]:
        """Credentials of the user's session in the console, signed in with or without MFA."""
        credentials: dict[str, str] = self._command(
            "console_session", user_name=user_name, mfa=mfa, region=self._region
        )
        return credentials

    def root_session(self) -> dict[str, str]:
        """Credentials of the account's root user."""
        credentials: dict[str, str] = self._command("root_session", region=self._region)
        return credentials

    def enrol_passkey(self, user_name: str, name: str = "key") -> str:
        """Gives the user a passkey or security key, which no API can; returns its serial number.

        It leaves no record: what CloudTrail writes of the console's enrolment is not documented.
        """
        serial: str = self._command(
            "enrol_passkey", user_name=user_name, name=name, region=self._region
        )
        return serial

    def set_root(
        self, *, mfa: bool, password: bool, access_keys: bool, virtual_mfa: bool = False
    ) -> None:
        """Says what the root user has, as GetAccountSummary and the credential report tell it.

        ListVirtualMFADevices has its device if that is virtual.
        """
        self._command(
            "set_root",
            mfa=mfa,
            password=password,
            access_keys=access_keys,
            virtual_mfa=virtual_mfa,
            region=self._region,
        )

    def invoke_config_rule(  # noqa: PLR0913 - as many ways to invoke a rule, all but two named
        self,
        rule_name: str,
        resource: tuple[str, str] | None = None,
        *,
        oversized: bool = False,
        left_scope: bool = False,
        only_payload: bool = False,
        region: str | None = None,
    ) -> dict[str, Any]:
        """Has a rule of AWS Config invoke its function; returns what the invocation carries.

        For the change of a resource, by its type and its name, ARN or id; without one, on
        schedule. `oversized` says that its item is too large, `left_scope` that it has left the
        rule's. With `only_payload` the function is not invoked; the token is as good.
        """
        changed = None if resource is None else dict(zip(("type", "named"), resource, strict=True))
        payload: dict[str, Any] = self._command(
            "invoke_config_rule",
            rule_name=rule_name,
            region=region or self._region,
            resource=changed,
            oversized=oversized,
            left_scope=left_scope,
            only_payload=only_payload,
        )
        return payload

    def fail_evaluations(
        self, resource_ids: Sequence[str], times: int | None, region: str | None = None
    ) -> None:
        """Lets evaluations of these resources end among PutEvaluations' failed ones.

        So many times; None is always, 0 is off.
        """
        self._command(
            "fail_evaluations",
            resource_ids=list(resource_ids),
            times=times,
            region=region or self._region,
        )

    def age_credential_report(self, hours: float = 4) -> None:
        """Makes the credential report look so much older; after four hours it is made anew."""
        self._command("age_credential_report", hours=hours, region=self._region)

    def _command(self, command: str, /, **arguments: Any) -> Any:
        # http.client knows no proxies: the command goes to this machine and nowhere else.
        connection = http.client.HTTPConnection(self._address)
        try:
            connection.request("POST", f"/_sandbox/{command}", json.dumps(arguments))
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status == HTTPStatus.REQUEST_TIMEOUT:
            raise TimeoutError(answer["error"])
        if response.status != HTTPStatus.OK:
            raise SandboxError(answer["error"])
        return answer
