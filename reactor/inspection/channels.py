"""Whom `notify` tells: whether the webhook's secret, topic, bus and Security Hub are there.

For a person's look only. Of a secret nothing is read but that it is there, and what kind it is.
"""

from reactor.errors import ReactorError, shorten
from reactor.inspection.facts import Parameter, Secret, Stage
from reactor.inspection.findings import Finding, failed, passed, unread

_SECURE = "SecureString"


def webhook(
    stage: Stage, reference: str, found: Parameter | Secret | ReactorError | None
) -> Finding:
    """Judge where the Slack webhook's URL lies: there, and not open."""
    check, (store, _, name) = "notice-webhook", reference.partition(":")
    kind = "parameter" if store == "ssm" else "secret"
    what = f"the {kind} {name} of REACTOR_SLACK_WEBHOOK"
    if isinstance(found, ReactorError):
        return unread(check, what, found)
    if found is None:
        return failed(
            check, f"{what} does not exist: Slack is told nothing", _put(stage, kind, name)
        )
    if isinstance(found, Parameter) and found.type != _SECURE:
        return failed(
            check,
            f"{what} is a {shorten(found.type)}, not a {_SECURE}: whoever may read parameters can"
            " read it",
            f"delete it, have Slack make another webhook, then {_put(stage, kind, name)}",
        )
    if isinstance(found, Secret) and found.being_deleted:
        command = f"aws secretsmanager restore-secret --secret-id {name} --region {stage.region}"
        return failed(check, f"{what} is being deleted: Slack is told nothing", command)
    return passed(check, f"{what} is there")


def topic(stage: Stage, arn: str, found: bool | ReactorError) -> Finding:
    """Judge the topic: there, and where SNS takes our messages for it."""
    check, setting = "notice-topic", "REACTOR_NOTICE_TOPIC"
    correct = f"correct {setting} in .chalice/config.json, then {_deploy(stage)}"
    region, account = arn.split(":")[3:5]
    if region != stage.region:
        what = f"the topic {arn} of {setting} is in another region: SNS takes nothing for it here"
        return failed(check, what, correct)
    if isinstance(found, ReactorError):
        return unread(check, f"the topic {arn} of {setting}", found)
    if not found:
        create = f"aws sns create-topic --name {arn.rpartition(':')[2]} --region {region}"
        remedy = f"{create}, or {correct}" if account == stage.account else correct
        return failed(check, f"there is no topic {arn}, which {setting} names", remedy)
    return passed(check, f"the topic {arn} is there")


def bus(stage: Stage, name: str, found: bool | ReactorError) -> Finding:
    """Judge the event bus: there, in this account and region."""
    check, setting = "notice-bus", "REACTOR_NOTICE_BUS"
    if isinstance(found, ReactorError):
        return unread(check, f"the event bus {name} of {setting}", found)
    if not found:
        return failed(
            check,
            f"there is no event bus {name} in {stage.region}, which {setting} names",
            f"aws events create-event-bus --name {name} --region {stage.region}, or correct"
            f" {setting} in .chalice/config.json, then {_deploy(stage)}",
        )
    return passed(check, f"the event bus {name} is there")


def security_hub(stage: Stage, found: bool | ReactorError) -> Finding:
    """Judge Security Hub: enabled, as it must be to take findings."""
    check = "security-hub"
    if isinstance(found, ReactorError):
        return unread(check, "Security Hub", found)
    if not found:
        return failed(
            check,
            f"Security Hub is not enabled in {stage.region}: it takes no findings",
            f"aws securityhub enable-security-hub --region {stage.region}, or"
            " REACTOR_SECURITY_HUB=false",
        )
    return passed(check, "Security Hub is enabled")


def _put(stage: Stage, kind: str, name: str) -> str:
    # The shell reads the URL from the terminal, so that it stays out of its history.
    if kind == "secret":
        return (
            f'aws secretsmanager create-secret --name {name} --secret-string "$(cat)"'
            f" --region {stage.region}"
        )
    name = name.rpartition(":parameter")[2]  # it takes no ARN, as the setting does
    return (
        f'aws ssm put-parameter --name {name} --type {_SECURE} --value "$(cat)"'
        f" --region {stage.region}"
    )


def _deploy(stage: Stage) -> str:
    return f"mfa-reactor roles --write and make deploy STAGE={stage.name}"
