"""What settings take: from the text of a variable to its value.

Each raises ValueError with what the setting takes, in words that end a sentence.
"""

import re
from collections.abc import Callable
from enum import StrEnum

from reactor.settings.choices import TagMatch

_POLICY_NAME_LENGTH = 128  # characters (CreatePolicy)
_TAG_KEY_LENGTH, _TAG_VALUE_LENGTH = 128, 256  # characters (TagUser)
_ARN = r"arn:aws(?:-cn|-us-gov)?"
# SSM's and Secrets Manager's names (PutParameter, CreateSecret), or the ARN with one, whole: a
# secret's ends with a hyphen and six random characters. A colon and two slashes, as a URL has, go
# with none of them.
_SECRET = re.compile(
    rf"ssm:(?:{_ARN}:ssm:[a-z0-9-]+:[0-9]{{12}}:parameter/)?[A-Za-z0-9_./-]{{1,1011}}"
    rf"|secretsmanager:{_ARN}:secretsmanager:[a-z0-9-]+:[0-9]{{12}}:secret:"
    r"[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}"
    r"|secretsmanager:[A-Za-z0-9/_+=.@-]{1,512}"
)
_NAME = r"[\w+=,.@-]+"  # IAM's names (CreateUser, CreatePolicy: "Pattern" in the API reference)


def one_of(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    """Return what reads one of some words."""

    def parse(text: str) -> StrEnum:
        try:
            return kind(text)
        except ValueError:
            raise ValueError(f"one of {', '.join(kind)}") from None

    return parse


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return what reads a whole number within bounds."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def whole_number_or_none(low: int, high: int) -> Callable[[str], int | None]:
    """Return what reads such a number, or nothing."""
    number = whole_number(low, high)

    def parse(text: str) -> int | None:
        try:
            return number(text) if text else None
        except ValueError as error:
            raise ValueError(f"{error}, or nothing") from None

    return parse


def true_or_false(text: str) -> bool:
    """Read `true` or `false`."""
    if text not in {"true", "false"}:
        raise ValueError("true or false")
    return text == "true"


def _items(text: str) -> list[str]:
    return [item for item in (part.strip() for part in text.split(",")) if item]


def tags(text: str) -> tuple[TagMatch, ...]:
    """Read pairs of key and value."""
    found = []
    for item in _items(text):
        key, colon, value = (part.strip() for part in item.partition(":"))
        # A second colon would leave it open where the key ends.
        if not (key and colon and value) or ":" in value:
            raise ValueError("key:value pairs with commas between, such as userType:Service")
        # They stand in the guard's document, too, where other characters would mean something.
        if not _is_tag_text(key, _TAG_KEY_LENGTH) or not _is_tag_text(value, _TAG_VALUE_LENGTH):
            raise ValueError("tags of letters, digits, blanks and _ . / = + - @, as IAM does")
        found.append(TagMatch(key, value))
    return tuple(found)


def _is_tag_text(text: str, most: int) -> bool:
    return len(text) <= most and all(each.isalnum() or each in " _./=+-@" for each in text)


def patterns(text: str) -> tuple[str, ...]:
    """Read patterns of users' names; none may match every name."""
    found = tuple(_items(text))
    for pattern in found:
        if not pattern.strip("*?") or not re.fullmatch(r"[\w+=,.@*?-]+", pattern, re.ASCII):
            raise ValueError("name patterns that do not match every name, such as BedrockAPIKey-*")
    return found


def paths(text: str) -> tuple[str, ...]:
    """Read IAM paths; none may be the root of all."""
    found = tuple(_items(text))
    for path in found:
        if not re.fullmatch(r"/[!-\x7e]+/", path) or "*" in path:
            raise ValueError("IAM paths below /, such as /service/ (/ itself would be every user)")
    return found


def groups(text: str) -> tuple[str, ...]:
    """Read groups' names."""
    found = tuple(_items(text))
    for group in found:
        if not re.fullmatch(_NAME, group):
            raise ValueError("names of IAM groups with commas between")
    return found


def roles(text: str) -> tuple[str, ...]:
    """Read roles' names and ARNs."""
    found = tuple(_items(text))
    for role in found:
        if not re.fullmatch(rf"{_NAME}|arn:aws(?:-cn|-us-gov)?:iam::[0-9]{{12}}:role/[!-~]+", role):
            raise ValueError("names or ARNs of IAM roles with commas between")
    return found


def actions(text: str) -> tuple[str, ...]:
    """Read patterns of IAM actions; the service's name is given in full."""
    found = tuple(_items(text))
    for action in found:
        if not re.fullmatch(r"\*|[a-z0-9-]+:[\w*?-]+", action, re.ASCII | re.IGNORECASE):
            raise ValueError(
                "patterns of IAM actions with commas between: * or service:name, such as"
                " iam:*,s3:Put*,sts:AssumeRole"
            )
    return found


def config_rules(text: str) -> tuple[str, ...]:
    """Read names and ids of AWS Config rules."""
    found = tuple(_items(text))
    for rule in found:
        # A pattern would be taken by its letters, and match nothing: the trigger would be off.
        if not re.fullmatch(r"[!-~ ]{1,128}", rule) or set(rule) & set("*?"):
            raise ValueError(
                "whole names or ids of AWS Config rules with commas between, such as mfa-enabled or"
                " config-rule-a1b2c3"
            )
    return found


def queues(text: str) -> tuple[str, ...]:
    """Read ARNs of SQS queues."""
    found = tuple(_items(text))
    for queue in found:
        # Lambda works off FIFO queues in another way, in which what comes after a failure waits.
        if not re.fullmatch(
            r"arn:aws(?:-cn|-us-gov)?:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}", queue
        ):
            raise ValueError("ARNs of standard SQS queues with commas between")
    return found


def guard_policy(text: str) -> str:
    """Read a policy's name or ARN."""
    # No wildcards in its path: the roles' policies allow to attach exactly this policy.
    arn = rf"arn:aws(?:-cn|-us-gov)?:iam::(?:[0-9]{{12}}|aws):policy/(?:[\w+=,.@/-]*/)?{_NAME}"
    if (
        not re.fullmatch(rf"{_NAME}|{arn}", text, re.ASCII)
        or len(text.rpartition("/")[2]) > _POLICY_NAME_LENGTH
    ):
        raise ValueError("the name of a policy, or the ARN of one that someone else keeps")
    return text


def secret_reference(text: str) -> str:
    """Read where a secret lies, or nothing; never the secret itself."""
    if text and (not _SECRET.fullmatch(text) or is_secret(text)):
        raise ValueError(
            "where the URL lies, never the URL itself: ssm:NAME of a SecureString in SSM's"
            " Parameter Store, or secretsmanager:NAME of a secret (a whole ARN will do for a name)"
        )
    return text


def is_secret(text: str) -> bool:
    """Tell whether a text looks like a Slack webhook's URL, which nothing may repeat."""
    return "hooks.slack" in text.lower()


def topic(text: str) -> str:
    """Read an SNS topic's ARN, or nothing."""
    if text and not re.fullmatch(
        rf"{_ARN}:sns:[a-z0-9-]+:[0-9]{{12}}:[A-Za-z0-9_-]{{1,256}}", text
    ):
        raise ValueError("the ARN of a standard SNS topic")
    return text


def event_bus(text: str) -> str:
    """Read an event bus's name, or nothing."""
    if text and (not re.fullmatch(r"[A-Za-z0-9_./-]{1,256}", text) or is_secret(text)):
        raise ValueError("the name of an event bus of this account and region, such as default")
    return text


def parameter(text: str) -> str:
    """Read an SSM parameter's name, or nothing."""
    if text and not re.fullmatch(r"[A-Za-z0-9_./-]{1,1011}", text):
        raise ValueError("the name of an SSM parameter of type StringList, such as /mfa/exempt")
    return text
