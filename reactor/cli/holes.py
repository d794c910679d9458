"""What people and tools see of a policy's holes: `guard check`, and the line in `doctor`."""

from collections.abc import Iterable

from reactor.cli import output
from reactor.errors import shorten
from reactor.holes.report import Hole, Report
from reactor.holes.severity import Severity
from reactor.inspection.findings import Finding, State, failed, passed
from reactor.settings import Enrol, Settings

CHECK = "guard-document"  # the check of doctor's
_ALL = "all"


def document(name: str, account: str, report: Report) -> dict[str, object]:
    """Return a report as JSON types."""
    return {
        "document": name,
        "account": account,
        "ok": not report.fails(Severity.LOW),
        "sessions": {each.name: each.words for each in report.sessions},
        "asked": report.asked,
        "counts": report.counts,
        "holes": [each.describe() for each in report.holes],
        "not_judged": {
            "depends_on": list(report.keys),
            "conditional": [each.describe() for each in report.unjudged],
            "unknown_to_simulator": [each.describe() for each in report.unruled],
            "not_asked": list(report.unasked),
        },
    }


def put(name: str, account: str, report: Report, settings: Settings) -> None:
    """Write a table with a row for holes that share severity, target and sessions; the counts."""
    if report.holes:
        headings = ("Severity", "Open", "On", "Sessions")
        output.put_table(headings, _rows(report), whole=frozenset({"Severity"}))
        sessions = [(each.name, each.words) for each in report.sessions]
        output.put_table(("Session", "What it is"), sessions)
    for line in _notes(report, settings):
        output.put(line)
    output.put(f"{output.one_line(name)} in account {account}: {_counts(report)}")


def _rows(report: Report) -> Iterable[tuple[str, str, str, str]]:
    """Yield a row for holes that share severity, target and sessions."""
    rows: dict[tuple[Severity, str, tuple[str, ...]], list[str]] = {}
    for hole in report.holes:
        rows.setdefault((hole.severity, hole.whom, hole.sessions), []).append(hole.action)
    everywhere = tuple(each.name for each in report.sessions)
    for severity in Severity:
        for (of, whom, names), actions in rows.items():
            if of is severity:
                where = _ALL if names == everywhere else ", ".join(names)
                yield severity.value, _by_service(actions), whom, where


def _by_service(actions: Iterable[str]) -> str:
    services: dict[str, list[str]] = {}
    for action in actions:
        service, _, name = action.partition(":")
        services.setdefault(service, []).append(name)
    return "\n".join(f"{service}: {', '.join(names)}" for service, names in services.items())


def _notes(report: Report, settings: Settings) -> Iterable[str]:
    if settings.guard_enrol is Enrol.ANYWHERE:
        yield (
            "REACTOR_GUARD_ENROL=anywhere: that access keys enrol a device for their own user is"
            " no hole here. A stolen key can, too."
        )
    if report.unjudged:
        keys = output.clean(", ".join(report.keys))
        yield (
            f"Not judged: {_many(report.unjudged)} denied, but only under conditions on {keys}"
            " (--context KEY=VALUE gives a value)"
        )
    if report.unruled:
        yield f"Not judged: {_many(report.unruled)} neither allowed nor denied by the simulator"
    if report.unasked:
        left_out = output.clean(", ".join(report.unasked))
        yield f"Not asked: what denials leave out as {left_out}"


def _many(found: tuple[Hole, ...]) -> str:
    worst = found[0]
    example = f"{worst.severity}: {worst.action} on {output.clean(worst.whom)}"
    return (
        f"1 action ({example}) is"
        if len(found) == 1
        else f"{len(found)} actions ({example}, …) are"
    )


def _counts(report: Report) -> str:
    many = {0: "no hole", 1: "1 hole"}.get(len(report.holes), f"{len(report.holes)} holes")
    counts = ", ".join(f"{number} {word}" for word, number in report.counts.items() if number)
    return f"{many}: {counts}" if counts else many


def finding(arn: str, stage: str, report: Report) -> Finding:
    """Return what doctor says of a guard that someone else keeps."""
    remedy = (
        f"mfa-reactor --stage {stage} guard check lists them; have whoever keeps the policy mend"
        " it, or name a guard that mfa-reactor may keep itself"
    )
    if report.holes:
        worst = report.holes[0]
        what = f"{arn} has {_counts(report)}; {worst.action} on {worst.whom}, for one"
        return failed(CHECK, shorten(what), remedy)
    if not report.judged:
        what = f"{arn} has no hole that is certain, and not all of it could be judged"
        return Finding(CHECK, State.UNKNOWN, shorten(what), remedy)
    return passed(CHECK, f"{arn} leaves nothing open without MFA but to enrol")
