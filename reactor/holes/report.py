"""What a document comes to: its holes, the worst first, and what could not be judged."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reactor.holes.sessions import Session
from reactor.holes.severity import Severity, severity_of
from reactor.holes.targets import Target


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is open, or not judged: an action on a target in a session."""

    action: str
    target: Target
    session: Session


@dataclass(frozen=True, slots=True)
class Hole:
    """An action that is open on some resource, in one or several sessions (their names)."""

    severity: Severity
    action: str
    whom: str
    sessions: tuple[str, ...]

    def describe(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {
            "severity": self.severity.value,
            "action": self.action,
            "on": self.whom,
            "sessions": list(self.sessions),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What was found out about a document.

    `unjudged` are denied under conditions on `keys`, which the sessions are not known to have;
    `unruled` neither allowed nor denied by the simulator, which may not know them; `unasked` are
    patterns of the document's for which it is not known what they stand for. None of these is a
    hole for certain, and none is closed.
    """

    sessions: tuple[Session, ...]
    holes: tuple[Hole, ...]
    unjudged: tuple[Hole, ...] = ()
    keys: tuple[str, ...] = ()
    unruled: tuple[Hole, ...] = ()
    unasked: tuple[str, ...] = ()
    asked: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many holes of each severity; every severity is there, the worst first."""
        found = Counter(each.severity for each in self.holes)
        return {each.value: found[each] for each in Severity}

    @property
    def judged(self) -> bool:
        """Whether all that was to be judged could be."""
        return not (self.unjudged or self.unruled or self.unasked)

    def fails(self, limit: Severity) -> bool:
        """Tell whether anything as bad as the limit is open, or may be.

        Of what was not asked it is not known how bad it is.
        """
        open_ones = (*self.holes, *self.unjudged, *self.unruled)
        return bool(self.unasked) or any(each.severity.reaches(limit) for each in open_ones)


def merged(found: Iterable[Found], sessions: tuple[Session, ...]) -> tuple[Hole, ...]:
    """Return what was found with its sessions put together, the worst first.

    What is open on a plain target need not be said again of its odd kin.
    """
    where: dict[tuple[str, str], dict[str, set[str]]] = {}
    for each in found:
        variants = where.setdefault((each.action, each.target.whom), {})
        variants.setdefault(each.target.only, set()).add(each.session.name)
    order = [each.name for each in sessions]
    holes = [
        Hole(severity_of(action), action, who, tuple(name for name in order if name in names))
        for (action, whom), variants in where.items()
        for who, names in _said_once(whom, variants)
    ]
    return tuple(sorted(holes, key=_rank))


def _said_once(whom: str, variants: Mapping[str, set[str]]) -> Iterator[tuple[str, set[str]]]:
    """Yield who is concerned with the names of the sessions: odd ones where the plain is not."""
    plain = variants.get("", set())
    if plain:
        yield whom, plain
    odd: dict[frozenset[str], list[str]] = {}
    for only, names in sorted(variants.items()):
        if names - plain:
            odd.setdefault(frozenset(names - plain), []).append(only)
    for where, marks in odd.items():
        yield f"{whom} ({'; '.join(marks)})", set(where)


def _rank(hole: Hole) -> tuple[int, bool, str, str]:
    """Return what to sort by: the worst first, and IAM and STS before the others."""
    elsewhere = hole.action.partition(":")[0] not in {"iam", "sts"}
    return list(Severity).index(hole.severity), elsewhere, hole.action, hole.whom
