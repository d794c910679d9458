"""Our records have the shape of published ones, for the same calls.

The published ones are others' data and not in this repository; they are read where a checkout has
them beside it, and without them there is nothing to compare.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.reenact import Reenactment

if TYPE_CHECKING:
    from sandbox import Sandbox

_FOLDER = Path(__file__).parents[3] / "shared" / "cloudtrail"

# Records that the sandbox is not to follow, and why.
_NOT_REENACTED = {
    "CreateAccessKey__panther__10.json": "root's own key",
    "CreateAccessKey__panther__5.json": "a third key of the caller's own, without a request",
    "CreateAccessKey__panther__6.json": "root's own key",
    "CreateAccessKey__panther__8.json": "root's own key",
    "DeleteLoginProfile__stratus__1.json": "what changes too soon after its creation is later work",
    "EnableMFADevice__awsdocs__1.json": "root's device",
}
# Results that a publisher of test fixtures has simplified, or a console call's own.
_RESULT_NOT_COMPARED = {
    "CreatePolicy__eb-react__1.json": "the console sends and is answered empty tags",
    "CreatePolicy__sans504__1.json": "made by the console: has a description in its result",
    "CreateUser__panther__1.json": "left null by the publisher",
    "CreateUser__panther__2.json": "left null by the publisher",
    "CreateUser__panther__3.json": "left null by the publisher",
    "CreateUser__panther__5.json": "left null by the publisher",
}
_REQUEST_NOT_COMPARED = {"CreatePolicy__eb-react__1.json": "empty tags, from the console"}
# Recordings of real calls, whose members at the top are all there; other publishers drop some.
_RECORDINGS = ("__invictus__", "__stratus__", "__traildiscover__")
_CONSOLE_ONLY = {"sessionCredentialFromConsole", "additionalEventData"}


def _records() -> list[Any]:
    found = []
    for path in sorted(_FOLDER.glob("*.json")) if _FOLDER.is_dir() else []:
        event = json.loads(path.read_text())["event"]
        record = event.get("detail", event)
        ours = record.get("eventSource") == "iam.amazonaws.com" and not record.get("readOnly")
        if ours and path.name not in _NOT_REENACTED and "requestParameters" in record:
            found.append(pytest.param(path.name, record, id=path.stem))
    return found


def _shape(value: Any) -> Any:
    """Keys and types, without the values."""
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value[:1]]
    return type(value).__name__


@pytest.mark.skipif(not _records(), reason="no published records beside this checkout")
@pytest.mark.parametrize(("file", "published"), _records() or [("", {})])
def test_our_record_has_the_shape_of_the_published_one(
    sandbox: Sandbox, file: str, published: dict[str, Any]
) -> None:
    """Request, result, error and the members at the top."""
    again = Reenactment(sandbox, published)
    denied = published.get("errorCode") == "AccessDenied"
    ours = again.run_denied() if denied else again.run()

    assert ours.get("errorCode") == published.get("errorCode"), ours.get("errorMessage")
    if file not in _REQUEST_NOT_COMPARED:
        assert _shape(ours["requestParameters"]) == _shape(published["requestParameters"])
    if file not in _RESULT_NOT_COMPARED:
        theirs = published.get("responseElements")
        assert _shape(ours["responseElements"]) == _shape(theirs)
    if any(publisher in file for publisher in _RECORDINGS):
        assert set(published) - _CONSOLE_ONLY == set(ours)
        assert _shape(ours["tlsDetails"]) == _shape(published["tlsDetails"])


@pytest.mark.skipif(not _records(), reason="no published records beside this checkout")
def test_identities_have_the_shape_of_published_ones(sandbox: Sandbox) -> None:
    """Of a user and of a role's session."""
    iam = sandbox.client("iam")
    iam.create_user(UserName="shaped")
    sandbox.client_for_user("shaped").create_group(GroupName="shaped")
    ours = {record["userIdentity"]["type"]: record for record in sandbox.control.records()}
    for file, kind in (
        ("CreateUser__stratus__1.json", "IAMUser"),
        ("CreatePolicy__traildiscover__1.json", "AssumedRole"),
    ):
        published = json.loads((_FOLDER / file).read_text())["event"]["userIdentity"]
        assert _shape(ours[kind]["userIdentity"]) == _shape(published)
