"""Brings a stack to what its template says, or back to what it was."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.cloudformation.intrinsics import Evaluator, Made, references
from sandbox.cloudformation.kinds import KINDS
from sandbox.cloudformation.template import invalid
from sandbox.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.cloudformation.kind import Clients, Kind
    from sandbox.cloudformation.template import Template

_FAILS = (BotoCoreError, ClientError, KeyError, Refusal, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a stack as it is."""

    type: str
    properties: dict[str, Any]
    made: Made
    retained: bool = False

    @property
    def kind(self) -> Kind:
        """How it is changed and ended."""
        return KINDS[self.type]


class FailedError(Exception):
    """A resource failed, and all that was done was undone. Says which, and why."""


@dataclass(slots=True)
class Run:
    """One way from the resources before to those that the template declares."""

    clients: Clients
    stack_name: str
    before: Mapping[str, Resource]
    note: Callable[[str, str, str, str | None], None]  # logical id, type, status, reason
    after: dict[str, Resource] = field(default_factory=dict)
    _undo: list[Callable[[], object]] = field(default_factory=list)

    def apply(self, template: Template, evaluator: Evaluator) -> dict[str, Resource]:
        """Returns the resources as they are then. Raises FailedError."""
        for name in order(template):
            declared = template.section("Resources")[name]
            if not evaluator.holds(declared.get("Condition")):
                continue
            try:
                self._bring(name, declared, evaluator)
            except _FAILS as error:
                reason = getattr(error, "message", None) or str(error)
                self.note(name, declared["Type"], "CREATE_FAILED", reason)
                self._roll_back()
                raise FailedError(f"{name}: {reason}") from error
            evaluator.made[name] = self.after[name].made
        self._clear_away()
        return self.after

    def delete_all(self) -> None:
        """Ends all resources, the last made first."""
        self._clear_away()

    def _bring(self, name: str, declared: dict[str, Any], evaluator: Evaluator) -> None:
        properties = evaluator.evaluate(declared.get("Properties") or {})
        retained = declared.get("DeletionPolicy") == "Retain"
        old = self.before.get(name)
        if old is not None and old.properties == properties and old.type == declared["Type"]:
            self.after[name] = Resource(old.type, properties, old.made, retained)
        elif old is not None and not self._replaces(old, declared["Type"], properties):
            self._undo.append(
                lambda: old.kind.update(self.clients, old.made, old.properties)  # as it was
            )
            made = old.kind.update(self.clients, old.made, properties)
            self.after[name] = Resource(old.type, properties, made, retained)
            self.note(name, old.type, "UPDATE_COMPLETE", None)
        else:
            self._create(name, declared["Type"], properties, retained=retained)

    def _create(
        self, name: str, type_name: str, properties: dict[str, Any], *, retained: bool
    ) -> None:
        kind = KINDS[type_name]
        suffix = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))
        made = kind.create(self.clients, f"{self.stack_name}-{name}-{suffix}", properties)
        self._undo.append(lambda: kind.delete(self.clients, made, properties))
        self.after[name] = Resource(type_name, properties, made, retained)
        self.note(name, type_name, "CREATE_COMPLETE", None)

    def _replaces(self, old: Resource, type_name: str, properties: dict[str, Any]) -> bool:
        fixed = old.kind.fixed
        changed = any(old.properties.get(each) != properties.get(each) for each in fixed)
        return changed or old.type != type_name

    def _roll_back(self) -> None:
        for undo in reversed(self._undo):
            try:
                undo()
            except _FAILS as error:
                self.note(self.stack_name, "AWS::CloudFormation::Stack", "ROLLBACK", str(error))

    def _clear_away(self) -> None:
        """Ends what was there before and is no more, or was replaced."""
        for name, old in reversed(list(self.before.items())):
            now = self.after.get(name)
            if old.retained or (now is not None and now.made.physical_id == old.made.physical_id):
                continue
            old.kind.delete(self.clients, old.made, old.properties)
            self.note(name, old.type, "DELETE_COMPLETE", None)


def order(template: Template) -> list[str]:
    """The resources' names, each after those that it refers to. Raises Refusal."""
    resources = template.section("Resources")
    for name, declared in resources.items():
        if declared.get("Type") not in KINDS:
            message = f"The sandbox does not play {declared.get('Type')} ({name})."
            raise Refusal("NotImplementedInSandbox", message, 501)
    ordered: list[str] = []
    waiting = dict(resources)
    while waiting:
        ready = [n for n, declared in waiting.items() if not _needs(declared) & set(waiting)]
        if not ready:
            raise invalid(f"Circular dependency between resources: [{', '.join(waiting)}]")
        ordered += ready
        for name in ready:
            del waiting[name]
    return ordered


def _needs(declared: dict[str, Any]) -> set[str]:
    depends_on = declared.get("DependsOn") or []
    explicit = [depends_on] if isinstance(depends_on, str) else depends_on
    return {*explicit, *references(declared.get("Properties"))}
