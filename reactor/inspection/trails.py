"""Whether some trail logs IAM's writes: without one, EventBridge hears of nothing.

What a selector means is from CloudTrail's API reference (EventSelector, AdvancedFieldSelector) and
its user guide (how several conditions for a field are evaluated).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from reactor.errors import ReactorError, shorten
from reactor.inspection.facts import Condition, Selectors, Stage, Trail
from reactor.inspection.findings import Finding, State, failed, passed, unread

CHECK = "trail"
# What an advanced selector can ask of a record of an IAM write. Any other field (eventName,
# userIdentity.arn) would let some of them through at most.
_IAM_WRITE = {
    "eventCategory": "Management",
    "readOnly": "false",
    "eventSource": "iam.amazonaws.com",
}
_CREATE = (
    "create one for all regions and switch it on: aws cloudtrail create-trail --name NAME"
    " --s3-bucket-name BUCKET --is-multi-region-trail; aws cloudtrail start-logging --name NAME"
)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A trail with what keeps it from logging IAM's writes: a shortcoming, or nobody knows.

    `rung` is how far it got: the trail that got furthest is the nearest to being put right.
    """

    rung: int
    what: str = ""
    remedy: str = ""
    unknown: bool = False
    standing: bool = False


_GOOD = _Judged(rung=5)


def trail(
    trails: tuple[Trail, ...] | ReactorError,
    logging: Mapping[str, bool | ReactorError],
    selectors: Mapping[str, Selectors | ReactorError],
    stage: Stage,
) -> Finding:
    """Judge the trails; `logging` and `selectors` have an entry, by ARN, for each candidate."""
    if isinstance(trails, ReactorError):
        return unread(CHECK, "the account's trails", trails)
    if not trails:
        return failed(CHECK, f"there is no trail in {stage.region}: no event arrives", _CREATE)
    judged = [_judge(each, logging, selectors, stage) for each in trails]
    good = [each.name for each, judgement in zip(trails, judged, strict=True) if judgement is _GOOD]
    if good:
        return passed(CHECK, f"the trail {shorten(good[0])} logs IAM's writes")
    unknown = [each for each in judged if each.unknown]
    if unknown:
        # One that another try, or a permission, can make known is worth an alarm.
        first = min(unknown, key=lambda each: each.standing)
        return Finding(CHECK, State.UNKNOWN, first.what, first.remedy, standing=first.standing)
    whats = "; ".join(each.what for each in judged)
    nearest = max(judged, key=lambda each: each.rung)
    return failed(CHECK, f"no trail logs IAM's writes: {shorten(whats)}", nearest.remedy)


def candidates(trails: tuple[Trail, ...] | ReactorError, region: str) -> tuple[Trail, ...]:
    """Return the trails that could log IAM's writes, of which the rest is to be read."""
    if isinstance(trails, ReactorError):
        return ()
    return tuple(each for each in trails if each.covers(region) and each.global_events)


def logs_iam_writes(selectors: Selectors) -> bool:
    """Tell whether a trail with these selectors logs every write of IAM."""
    if selectors.advanced:
        return any(_lets_through(each) for each in selectors.advanced)
    # ExcludeManagementEventSources can name KMS and the RDS Data API only: IAM is not left out.
    return any(
        each.management_events and each.read_write in {"All", "WriteOnly"}
        for each in selectors.basic
    )


def _judge(
    trail: Trail,
    logging: Mapping[str, bool | ReactorError],
    selectors: Mapping[str, Selectors | ReactorError],
    stage: Stage,
) -> _Judged:
    name, where = shorten(trail.name), f"--name {shorten(trail.arn)} --region {trail.home_region}"
    update = f"aws cloudtrail update-trail {where}"
    if not trail.covers(stage.region):
        what = f"{name} logs {trail.home_region} only"
        return _Judged(1, what, f"{update} --is-multi-region-trail")
    if not trail.global_events:
        what = f"{name} leaves out global services, such as IAM"
        return _Judged(2, what, f"{update} --include-global-service-events")
    on = logging[trail.arn]
    if isinstance(on, ReactorError):
        what = f"whether the trail {name} is switched on could not be read: {shorten(on)}"
        return _Judged(3, what, on.remedy, unknown=True)
    if not on:
        start = f"aws cloudtrail start-logging {where}"
        return _Judged(3, f"{name} is switched off", start)
    selected = selectors[trail.arn]
    if isinstance(selected, ReactorError):
        return _unread_selectors(trail, selected, stage)
    if not logs_iam_writes(selected):
        what = f"{name} leaves out management events that write"
        return _Judged(4, what, _select(trail))
    return _GOOD


def _unread_selectors(trail: Trail, error: ReactorError, stage: Stage) -> _Judged:
    name = shorten(trail.name)
    if trail.organization and trail.account != stage.account:
        # The organization's management account keeps it, and may not show members what it logs.
        what = f"what the organization's trail {name} logs is not shown to this account"
        remedy = (
            f"ask account {trail.account} that it logs management events that write, or have a"
            " trail of your own"
        )
        return _Judged(4, what, remedy, unknown=True, standing=True)
    what = f"what the trail {name} logs could not be read: {shorten(error)}"
    return _Judged(4, what, error.remedy, unknown=True)


def _select(trail: Trail) -> str:
    return (
        f"aws cloudtrail put-event-selectors --trail-name {shorten(trail.arn)}"
        f" --region {trail.home_region} with ReadWriteType All and IncludeManagementEvents true, or"
        " the like among its advanced selectors"
    )


def _lets_through(selector: tuple[Condition, ...]) -> bool:
    # The category is required: a selector without it is none that we know.
    says_category = any(each.field == "eventCategory" for each in selector)
    return says_category and all(_holds(each) for each in selector)


def _holds(condition: Condition) -> bool:
    """Tell whether a condition is true of every write of IAM."""
    value = _IAM_WRITE.get(condition.field)
    if value is None:
        return False
    wanted = condition.equals or condition.starts_with or condition.ends_with
    # Of the operators that select one must hold, and none of those that leave out.
    selected = (
        value in condition.equals
        or value.startswith(condition.starts_with)
        or value.endswith(condition.ends_with)
    )
    left_out = (
        value in condition.not_equals
        or value.startswith(condition.not_starts_with)
        or value.endswith(condition.not_ends_with)
    )
    return (selected or not wanted) and not left_out
