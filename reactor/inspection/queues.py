"""The queues of a stage: what waits in them, and what brings notices to the function `compliance`.

For a person's look only, but for the words on a mapping that heeds nothing: the function says them,
too, when it finds that out.
"""

from collections.abc import Mapping, Sequence

from reactor.errors import ReactorError, shorten
from reactor.inspection.facts import EventSource, Stage
from reactor.inspection.findings import Finding, failed, passed, unread
from reactor.names import APP, Function, failed_notifications, function_name, notifications

_MAPPINGS = "mappings"
_SETTING = "REACTOR_NOTIFICATION_QUEUES"
Sources = tuple[EventSource, ...] | ReactorError


def queue(stage: Stage, name: str, waiting: int | ReactorError | None) -> Finding:
    """Judge a queue of events that did not get through: there, and empty."""
    if waiting is None:
        remedy = f"make deploy STAGE={stage.name}, or mfa-reactor --stage {stage.name}"
        return failed(
            _check(stage, name), f"there is no queue {name}", f"{remedy} operations apply"
        )
    redrive = f"mfa-reactor --stage {stage.name} redrive"
    return _empty(stage, name, waiting, "event", redrive)


def dead_notices(stage: Stage, waiting: int | ReactorError | None, sources: Sources) -> Finding:
    """Judge the queue of notices that came to nothing: empty, and there if our own brings any."""
    name, ours = failed_notifications(stage.name), notifications(stage.name)
    if waiting is not None:
        arn = stage.queue_arn(name)
        command = f"aws sqs start-message-move-task --source-arn {arn} --region {stage.region}"
        return _empty(stage, name, waiting, "notice", command)
    check = _check(stage, name)
    if isinstance(sources, ReactorError):
        return unread(check, f"whether there must be a queue {name}", sources)
    if any(each.queue == stage.queue_arn(ours) for each in sources):
        return failed(
            check,
            f"there is no queue {name}: notices that come to nothing stay in {ours}, or are lost",
            f"aws cloudformation delete-stack --stack-name {ours}, wait a minute (so long SQS keeps"
            " the name of a deleted queue), then deploy it again (docs/notifications.md)",
        )
    return passed(check, f"no queue of our own brings notices, so there is no {name}")


def event_sources(
    stage: Stage,
    named: Sequence[str],
    found: Sources,
    there: Mapping[str, bool | ReactorError],
) -> Finding:
    """Judge what brings notices to the function `compliance` from queues.

    `named` is the setting, `there` says of each whether there is such a queue. Without
    ReportBatchItemFailures Lambda deletes what the function gives back; it refuses to answer then,
    and one notice that fails brings back all of its batch.
    """
    name = function_name(stage.name, Function.COMPLIANCE)
    if isinstance(found, ReactorError):
        return unread(_MAPPINGS, f"which queues {name} works off", found)
    amiss = [_disconnected(stage, each, found, there[each]) for each in named]
    amiss += [_idle(each) for each in found]
    for each in amiss:
        if each is not None:
            return each
    if not found:
        return passed(_MAPPINGS, f"no queue brings notices to {name}")
    queues = ", ".join(each.queue.rpartition(":")[2] for each in found)
    return passed(_MAPPINGS, f"{name} works off {shorten(queues)}")


def deaf(queue_arn: str, mapping_id: str) -> Finding:
    """Return the finding of an event source mapping that heeds not what is given back."""
    return failed(
        _MAPPINGS,
        f"the event source mapping of {queue_arn} has no ReportBatchItemFailures",
        f"{_update(queue_arn, mapping_id)} --function-response-types ReportBatchItemFailures; until"
        " then one notice that fails brings back all of its batch",
    )


def _idle(source: EventSource) -> Finding | None:
    """Return what is wrong with a mapping."""
    if not source.heeds:
        return deaf(source.queue, source.id)
    if not source.enabled:
        what = f"the event source mapping of {source.queue} is switched off: it brings nothing"
        return failed(_MAPPINGS, what, f"{_update(source.queue, source.id)} --enabled")
    return None


def _disconnected(
    stage: Stage, queue_arn: str, found: Sequence[EventSource], there: bool | ReactorError
) -> Finding | None:
    """Return what is wrong with a queue that the setting names; a mapping may be amiss besides."""
    correct = (
        f"correct {_SETTING} in .chalice/config.json, then mfa-reactor roles --write and"
        f" make deploy STAGE={stage.name}"
    )
    mapped = any(each.queue == queue_arn for each in found)
    region, account = queue_arn.split(":")[3:5]
    if region != stage.region:
        what = (
            f"{queue_arn} of {_SETTING} is in another region, which Lambda takes no messages from"
        )
        return failed(_MAPPINGS, what, correct)
    if isinstance(there, ReactorError):
        return unread(_MAPPINGS, f"the queue {queue_arn} of {_SETTING}", there)
    # One of another account may be hidden from whoever looks, and open to the function.
    if not there and (account == stage.account or not mapped):
        what = f"there is no queue {queue_arn}, which {_SETTING} names"
        return failed(_MAPPINGS, what, f"make it, or {correct}")
    if not mapped:
        name = function_name(stage.name, Function.COMPLIANCE)
        return failed(
            _MAPPINGS,
            f"no event source mapping leads from {queue_arn} to {name}: its notices wait",
            f"aws lambda create-event-source-mapping --function-name {name}"
            f" --event-source-arn {queue_arn} --region {region}"
            " --function-response-types ReportBatchItemFailures"
            " --scaling-config MaximumConcurrency=2",
        )
    return None


def _empty(
    stage: Stage, name: str, waiting: int | ReactorError, kind: str, redrive: str
) -> Finding:
    check = _check(stage, name)
    if isinstance(waiting, ReactorError):
        return unread(check, f"the queue {name}", waiting)
    if waiting:
        many = f"1 {kind} waits" if waiting == 1 else f"{waiting} {kind}s wait"
        what, remedy = f"{many} in the queue {name}", f"{redrive}, once their cause is mended"
        return failed(check, what, remedy)
    return passed(check, f"the queue {name} is empty")


def _check(stage: Stage, name: str) -> str:
    return f"queue-{name.removeprefix(f'{APP}-{stage.name}-')}"


def _update(queue_arn: str, mapping_id: str) -> str:
    region = queue_arn.split(":")[3]
    return f"aws lambda update-event-source-mapping --uuid {mapping_id} --region {region}"
