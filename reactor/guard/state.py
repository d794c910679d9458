"""What stands at the guard's ARN, as one look at it found."""

from dataclasses import dataclass

from reactor.guard.comparison import for_record
from reactor.guard.identity import Guard, Standing
from reactor.guard.ports import PolicyVersion


@dataclass(frozen=True, slots=True)
class GuardState:
    """What stands at the guard's ARN now.

    `version` is the default one, read only where the guard is ours; `drifted`: its document is not
    ours. Only then are the other versions asked for: their ids.
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
