"""Asking our other functions: the keeper, whose role is as good as administrator's; the rest."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reactor.aws.errors import asking
from reactor.errors import Permanent, Transient, shorten

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


def ask_keeper(client: "LambdaClient", function: str, *, with_group: bool, asked_by: str) -> None:
    """Have the keeper bring the guard into order, and its group if it is to, and wait for it.

    `asked_by` is our own run: the keeper's record names it, and nothing else comes of it.
    Raises, with its own words, Permanent when it says that another try cannot help, or else
    Transient; its log has the record.
    """
    with asking("lambda:InvokeFunction"):
        answer = client.invoke(
            FunctionName=function,
            InvocationType="RequestResponse",
            Payload=json.dumps({"asked_by": asked_by, "with_group": with_group}),
        )
        payload = answer["Payload"].read()
    said = _read(payload)
    told = said if isinstance(said, dict) and answer.get("FunctionError") is None else {}
    if told.get("in_order") is True:
        return
    errors = told.get("errors")
    why = "; ".join(map(str, errors)) if isinstance(errors, list) and errors else said
    what = f"the keeper could not bring the guard into order: {shorten(why)}"
    kind = Permanent if told.get("permanent") is True else Transient
    raise kind(what, remedy=f"see the log of the function {function}")


def begin_sweep(
    client: "LambdaClient", function: str, *, asked_by: str, asked_at: datetime
) -> None:
    """Have a sweep look at every user, and do not wait for it.

    A sweep that begins after `asked_at` (UTC) will do. Raises ReactorError when it cannot be asked.
    """
    with asking("lambda:InvokeFunction"):
        client.invoke(
            FunctionName=function,
            InvocationType="Event",
            Payload=json.dumps({"asked_by": asked_by, "asked_at": asked_at.isoformat()}),
        )


def continue_sweep(client: "LambdaClient", function: str, payload: Mapping[str, Any]) -> None:
    """Have the sweep go on in another invocation. Raises ReactorError when it cannot be asked."""
    with asking("lambda:InvokeFunction"):
        client.invoke(
            FunctionName=function,
            InvocationType="Event",
            Payload=json.dumps(payload, separators=(",", ":")),
        )


def hand_over(client: "LambdaClient", function: str, payload: bytes) -> None:
    """Have a function tell what is in the payload, and do not wait. Raises ReactorError."""
    with asking("lambda:InvokeFunction"):
        client.invoke(FunctionName=function, InvocationType="Event", Payload=payload)


def deaf_mappings(client: "LambdaClient", function_arn: str, queue_arn: str) -> list[str]:
    """Return the ids of the mappings of a queue to a function that heed no batchItemFailures.

    Lambda deletes a batch of theirs when the function answers, whatever it answers. Raises
    ReactorError when they cannot be listed.
    """
    with asking("lambda:ListEventSourceMappings"):
        pages = client.get_paginator("list_event_source_mappings").paginate(
            FunctionName=function_arn, EventSourceArn=queue_arn
        )
        return [
            each["UUID"]
            for page in pages
            for each in page["EventSourceMappings"]
            if "ReportBatchItemFailures" not in each.get("FunctionResponseTypes", [])
        ]


def _read(payload: bytes) -> object:
    """Return what the keeper said, as text when it is no JSON."""
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
