"""The names that a deployed stage goes by: Chalice's, and those that we give beside them."""

from enum import StrEnum

APP = "mfa-reactor"


class Function(StrEnum):
    """The Lambda functions, by their names in app.py."""

    REACT = "react"
    REVIEW = "review"
    WATCH = "watch"
    SWEEP = "sweep"
    KEEPER = "keeper"
    BUCKETS = "buckets"
    CONFIG = "config"
    COMPLIANCE = "compliance"
    NOTIFY = "notify"

    @property
    def has_rule(self) -> bool:
        """Whether an EventBridge rule wakes it; AWS Config invokes `config`, and we `notify`."""
        return self not in {Function.CONFIG, Function.NOTIFY}


def function_name(stage: str, function: str) -> str:
    """Return a function's name in AWS, which is its role's name, too (Chalice: APP-STAGE-NAME)."""
    return f"{APP}-{stage}-{function}"


def stage_of(function_name: str) -> str:
    """Return the stage that a function of ours, by its name in AWS, belongs to."""
    return function_name.removeprefix(f"{APP}-").rpartition("-")[0]


def rule_name(stage: str, function: str) -> str:
    """Return the name of the EventBridge rule that wakes a function, as Chalice gives it."""
    return f"{function_name(stage, function)}-event"


def log_group(stage: str, function: str) -> str:
    """Return the log group that a function writes to."""
    return f"/aws/lambda/{function_name(stage, function)}"


def undelivered_queue(stage: str) -> str:
    """Return the queue for events that EventBridge could not deliver to a function."""
    return f"{APP}-{stage}-undelivered"


def failed_queue(stage: str) -> str:
    """Return the queue for events that a function failed on, with all its tries."""
    return f"{APP}-{stage}-failed"


def notifications(stage: str) -> str:
    """Return the name of the queue and of the topic of our own that bring compliance notices.

    The CloudFormation stack of infra/notifications.yaml has it, too.
    """
    return f"{APP}-{stage}-notifications"


def failed_notifications(stage: str) -> str:
    """Return the queue for notices that came to nothing with all their tries."""
    return f"{APP}-{stage}-notifications-failed"


def operations_stack(stage: str) -> str:
    """Return the CloudFormation stack of infra/operations.yaml."""
    return f"{APP}-{stage}-operations"
