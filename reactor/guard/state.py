"""What stands in the guard's place, and in its group's, as one look at them found."""

from dataclasses import dataclass

from reactor.guard.comparison import for_record
from reactor.guard.identity import Guard, Standing
from reactor.guard.ports import PolicyVersion


@dataclass(frozen=True, slots=True)
class GuardState:
    """What stands at the guard's ARN now.

    `version` is the default one, read only where it is to be compared; `drifted`: its document is
    not ours. `other_versions` are the ids of those that are not the default.
    """

    guard: Guard
    standing: Standing
    version: PolicyVersion | None = None
    drifted: bool = False
    other_versions: tuple[str, ...] = ()

    @property
    def in_order(self) -> bool:
        """Whether the guard can be put on everybody as it is."""
        return self.standing in {Standing.OURS, Standing.GIVEN} and not self.drifted

    def facts(self) -> dict[str, object]:
        """Return what was read, for the record.

        A document that is not ours goes into it: the versions that hold such ones are deleted in
        time, to make room.
        """
        facts: dict[str, object] = {"arn": self.guard.arn, "standing": self.standing.value}
        if self.version is not None:
            facts["version"] = self.version.id
        if self.version is not None and self.drifted:
            facts["document"] = for_record(self.version.document)
            facts["other_versions"] = list(self.other_versions)
        return facts


@dataclass(frozen=True, slots=True)
class GroupState:
    """The group that carries the guard now, and what it carries besides: for everybody in it."""

    guard: Guard
    standing: Standing
    attached: bool = False
    other_policies: tuple[str, ...] = ()  # ARNs
    inline_policies: tuple[str, ...] = ()  # names

    @property
    def in_order(self) -> bool:
        """Whether users can be put into the group as it is."""
        strange = self.other_policies or self.inline_policies
        return self.standing is Standing.OURS and self.attached and not strange

    def facts(self) -> dict[str, object]:
        """Return what was read, for the record."""
        facts: dict[str, object] = {"group": self.guard.group, "standing": self.standing.value}
        if self.standing is not Standing.MISSING:
            facts["attached"] = self.attached
            facts["other_policies"] = list(self.other_policies)
            facts["inline_policies"] = list(self.inline_policies)
        return facts
