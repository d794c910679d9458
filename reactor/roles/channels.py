"""What `notify` may do: what the channels take that the settings name, and no more."""

from collections.abc import Iterable

from reactor.names import APP, Function
from reactor.roles.statement import ANY_ACCOUNT, KEPT_TO_OWN, OWN_ACCOUNT, Statement, invoke
from reactor.settings import Settings


def telling(stage: str, settings: Settings) -> Iterable[Statement]:
    """What the channels take that the settings name, and no more."""
    if settings.slack_webhook:
        yield _read_webhook(settings.slack_webhook)
    if settings.sends_notices:
        yield Statement(
            "NameAccount", ("iam:ListAccountAliases",), ("*",), "IAM knows no resource for this"
        )
        # What only some channels took is handed on; findings alone are Lambda's to try again.
        yield invoke("HandOn", ("lambda:InvokeFunction",), stage, Function.NOTIFY)
    if settings.notice_topic:
        yield Statement("Publish", ("sns:Publish",), (settings.notice_topic,), "there are none")
    if settings.notice_bus:
        bus = f"arn:*:events:*:*:event-bus/{settings.notice_bus}"
        # A bus's own policy may let roles of other accounts in.
        source = {"StringEquals": {"events:source": APP}}
        yield Statement(
            "PutEvents", ("events:PutEvents",), (bus,), KEPT_TO_OWN, {**source, **OWN_ACCOUNT}
        )
    if settings.security_hub:
        yield from _finding()


def _finding() -> Iterable[Statement]:
    """What Security Hub takes: our product's findings, and of their workflow only its end."""
    yield Statement(
        "BringFindings",
        ("securityhub:BatchImportFindings",),
        ("arn:*:securityhub:*:*:product/*/default",),
        f"the product of an account's own findings; {ANY_ACCOUNT}",
    )
    hub = ("arn:*:securityhub:*:*:hub/default",)
    yield Statement("ReadFindings", ("securityhub:GetFindings",), hub, ANY_ACCOUNT)
    resolved = {"StringEquals": {"securityhub:ASFFSyntaxPath/Workflow.Status": "RESOLVED"}}
    yield Statement(
        "ResolveFindings", ("securityhub:BatchUpdateFindings",), hub, ANY_ACCOUNT, resolved
    )


def _read_webhook(reference: str) -> Statement:
    store, _, name = reference.partition(":")
    if store == "ssm":
        arn = f"arn:*:ssm:*:*:parameter/{name.removeprefix('/')}"
        action = "ssm:GetParameter"
    else:
        # Secrets Manager puts a hyphen and six random characters behind the name.
        arn = f"arn:*:secretsmanager:*:*:secret:{name}-??????"
        action = "secretsmanager:GetSecretValue"
    given = name.startswith("arn:")
    return Statement(
        "ReadWebhook",
        (action,),
        (name,) if given else (arn,),
        ANY_ACCOUNT if store == "ssm" else f"six random characters end it; {ANY_ACCOUNT}",
    )
