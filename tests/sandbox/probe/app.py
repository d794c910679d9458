# ruff: noqa: T201 - what a function prints is what it logs
"""A Chalice app for the sandbox's own tests: its functions do what the event tells them to."""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
from chalice.app import Chalice, CloudWatchEvent, Rate

app = Chalice(app_name="probe", configure_logs=False)

_started = time.time()


def _fail(_: str) -> None:
    raise RuntimeError("told to fail")


def _sleep(seconds: str) -> None:
    time.sleep(float(seconds))


def _exit(status: str) -> None:
    os._exit(int(status))


def _get_user(name: str) -> str:
    return str(boto3.client("iam").get_user(UserName=name)["User"]["Arn"])


def _delete_user(name: str) -> None:
    boto3.client("iam").delete_user(UserName=name)


def _put_evaluations(token: str) -> None:
    evaluation: Any = {
        "ComplianceResourceType": "AWS::IAM::User",
        "ComplianceResourceId": "AIDA1",
        "ComplianceType": "COMPLIANT",
        "OrderingTimestamp": time.time(),
    }
    boto3.client("config").put_evaluations(Evaluations=[evaluation], ResultToken=token)


def _delete_log(group: str) -> None:
    boto3.client("logs").delete_log_group(logGroupName=group)


def _environment(_: str) -> dict[str, str]:
    return dict(os.environ)


def _hand_on(function: str) -> None:
    boto3.client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=b'{"say": "handed on"}'
    )


def _chain(links: str) -> str:
    """Invokes the functions that are named, one after the other: each invokes the next."""
    name, _, others = links.partition(",")
    if name:
        payload = json.dumps({"chain": others}).encode()
        boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)
    return os.environ["_X_AMZN_TRACE_ID"]


def _import(module: str) -> str:
    return str(__import__(module).__name__)


def _path(_: str) -> list[str]:
    return sys.path


def _fill(megabytes: str) -> int:
    """Takes so much memory for a moment."""
    return len(b"x" * (int(megabytes) << 20))


def _say(text: str) -> str:
    print(text)
    return text


def _identity(_: str) -> dict[str, Any]:
    return {"arn": boto3.client("sts").get_caller_identity()["Arn"], "started": _started}


_DO: dict[str, Callable[[str], Any]] = {
    "chain": _chain,
    "delete_log": _delete_log,
    "delete_user": _delete_user,
    "environment": _environment,
    "exit": _exit,
    "fail": _fail,
    "fill": _fill,
    "get_user": _get_user,
    "hand_on": _hand_on,
    "identity": _identity,
    "import": _import,
    "path": _path,
    "put_evaluations": _put_evaluations,
    "say": _say,
    "sleep": _sleep,
}


@app.on_cw_event({"source": ["aws.iam"], "detail": {"eventName": ["TagUser"]}})
def react(event: CloudWatchEvent) -> None:
    """Does what the tag says: its key is what, its value is with what."""
    user = event.detail["requestParameters"]["userName"]
    print(json.dumps({"user": user, "envelope": event.to_dict()}))
    for tag in event.detail["requestParameters"]["tags"]:
        if tag["key"] in _DO:  # others' tests tag users too
            _DO[tag["key"]](tag["value"])


@app.schedule(Rate(1, unit=Rate.MINUTES))
def tick(event: CloudWatchEvent) -> None:
    """Says that it was woken."""
    print(json.dumps({"tick": event.to_dict()}))


@app.lambda_function()
def ask(event: dict[str, str], _: object) -> Any:
    """Does what it is asked, and answers."""
    return {what: _DO[what](with_what) for what, with_what in event.items()}


@app.lambda_function()
def tell(event: dict[str, str], _: object) -> Any:
    """Does what it is asked as the first does."""
    return {what: _DO[what](with_what) for what, with_what in event.items()}


@app.lambda_function()
def mute(event: dict[str, str], _: object) -> None:
    """Has a role that may do nothing; does what it is asked."""
    print("nobody hears this")
    for what, with_what in event.items():
        _DO[what](with_what)
