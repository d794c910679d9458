"""reactor.notify.slack and mail: messages within Slack's limits, that say what they are told to."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reactor.notify import slack
from reactor.notify.mail import SUBJECT_LIMIT, subject_of, text_of
from reactor.notify.notices import Notice, NoticeKind
from tests.fakes.slack import faults

ALICE = Notice(
    kind=NoticeKind.REMEDIATED,
    what="alice was remediated",
    at="2026-03-01T12:00:00+00:00",
    stage="prod",
    mode="enforce",
    run="request-1",
    account="123456789012",
    alias="acme",
    next_step="enrol a device",
    caller="arn:aws:iam::123456789012:role/admin",
    source_address="203.0.113.7",
    event="DetachUserPolicy",
    event_time="2026-03-01T11:59:59+00:00",
    reasons=("the guard is not attached",),
    milliseconds={"since_event": 1812, "since_receipt": 812},
    subject={"kind": "user", "name": "alice", "account": "123456789012"},
    details={"actions": "attach-guard"},
)
HOSTILE = [
    "<!here> <@U012> <#C1> <https://evil.example|click>",
    "@here @channel @Everyone https://evil.example www.evil.example",
    "*bold* _it_ `code` ~x~ > quote\n- list",
    "\u202egnp.exe\u200b\x00\x07\x1b[31m",
    "&lt;!channel&gt; &amp;",
    "😀" * 4000,
    "<" * 4000,
    " ",
]
TEXTS = st.one_of(st.text(max_size=300), st.sampled_from(HOSTILE))
NOTICES = st.builds(
    Notice,
    kind=st.sampled_from(NoticeKind),
    **dict.fromkeys(
        [
            *("what", "stage", "mode", "run", "account", "alias", "next_step", "caller"),
            *("event", "source_address", "event_time", "alarm"),
        ],
        TEXTS,
    ),
    reasons=st.lists(TEXTS, max_size=4).map(tuple),
    subject=st.dictionaries(st.sampled_from(["kind", "name", "arn"]), TEXTS),
    details=st.dictionaries(TEXTS, TEXTS, max_size=12),
    counts=st.dictionaries(TEXTS, st.integers(), max_size=12),
    samples=st.dictionaries(TEXTS, st.lists(TEXTS, max_size=12).map(tuple), max_size=12),
)


def test_all_that_an_alarm_knows_is_told() -> None:
    """A section holds ten fields; what is more comes in another."""
    alarm = replace(
        ALICE,
        kind=NoticeKind.ALARM,
        alarm="self-exemption",
        details={f"detail-{number}": f"value-{number}" for number in range(10)},
    )
    body = slack.message(alarm)
    assert faults(body) == []
    fields = [each["text"] for block in body["blocks"] for each in block.get("fields", ())]
    assert [each for each in fields if "value-" in each] == [
        f"Detail-{number}: value-{number}" for number in range(10)
    ]


def all_text(notice: Notice) -> str:
    """Return what a message shows."""
    return json.dumps(slack.message(notice), ensure_ascii=False)


def test_a_message_says_who_when_how_fast_and_what_next() -> None:
    """Whoever reads it need not look anything up."""
    body = slack.message(ALICE)
    assert faults(body) == []
    assert body["text"] == "MFA guard attached: alice (account 123456789012)"
    header, what, fields, following, context = body["blocks"]
    assert header["text"]["text"] == "MFA guard attached"
    assert what["text"]["text"] == "alice was remediated"
    assert [each["text"] for each in fields["fields"]] == [
        "User: alice",
        "Account: 123456789012 (acme)",
        "By: arn:aws:iam::123456789012:role/admin",
        "What was done: DetachUserPolicy 2026-03-01T11:59:59+00:00",
        "From: 203.0.113.7",
        "Why: the guard is not attached",
        "After: 1812 ms",
        "Actions: attach-guard",
    ]
    assert following["text"]["text"] == "Next: enrol a device"
    assert "stage prod, enforce, run request-1" in context["elements"][0]["text"]


@given(notice=NOTICES)
@example(notice=Notice(kind=NoticeKind.ALARM, what=""))
def test_any_notice_is_within_slacks_limits(notice: Notice) -> None:
    """However long, strange or empty what others wrote: Slack refuses a message as a whole."""
    assert faults(slack.message(notice)) == []


@given(notice=NOTICES)
def test_any_notice_is_within_what_a_subject_takes(notice: Notice) -> None:
    """SNS refuses a subject that is too long, or that breaks the line."""
    subject = subject_of(notice)
    assert 0 < len(subject) <= SUBJECT_LIMIT
    assert subject.isascii()
    assert subject.isprintable()
    assert all(each.isprintable() or each == "\n" for each in text_of(notice))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("where", ["what", "caller", "next_step", "name", "samples"])
def test_text_of_others_cannot_mention_link_or_hide(text: str, where: str) -> None:
    """It stands in plain text, escaped; what Slack formats has nothing of theirs."""
    placed: dict[str, Any] = {
        "name": {"subject": {"kind": "user", "name": text}},
        "samples": {"samples": {"remediated": (text,)}},
    }
    members = placed.get(where, {where: text})
    notice = Notice(**{"kind": NoticeKind.REMEDIATED, "what": "x", **members})
    body = slack.message(notice)
    assert body["text"].startswith(("MFA guard attached (account", "Remediated (account"))
    texts = [
        one
        for block in body["blocks"]
        for one in (block.get("text"), *block.get("fields", ()), *block.get("elements", ()))
        if one is not None
    ]
    assert {each["type"] for each in texts} == {"plain_text"}
    said = "".join(each["text"] for each in texts)
    assert not {"<", ">", "\u202e", "\u200b", "\x00", "\x1b"} & set(said)
    assert not any(each in said.lower() for each in ("@here", "@channel", "@everyone"))


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("a<b>&c", 99, "a&lt;b&gt;&amp;c"),
        ("abcdef", 4, "abc…"),
        ("abc<", 6, "abc…"),  # an escape is never cut in two
        ("abcd", 5, "abcd"),
        ("😀😀😀", 5, "😀😀…"),  # each counts as two
        ("a\tb", 9, "a·b"),
    ],
)
def test_plain(text: str, limit: int, shown: str) -> None:
    """Escaped, cut to what there is room for, escapes and all."""
    assert slack.plain(text, limit) == shown


def test_names_that_may_be_links_are_left_out_of_the_fallback() -> None:
    """A user may be called evil.example, and the client makes a link of that."""
    named = {"kind": "user", "name": "evil.example"}
    notice = Notice(kind=NoticeKind.REMEDIATED, what="x", subject=named, account="123456789012")
    assert slack.fallback(notice) == "MFA guard attached (account 123456789012)"
    assert "User: evil.example" in all_text(notice)


def test_the_rest_of_too_many_is_told_in_one() -> None:
    """Slack takes about one message a second."""
    assert faults(slack.more(7)) == []
    assert "7 more notices" in slack.more(7)["text"]


def test_mail_has_one_fact_a_line() -> None:
    """The same as the message has, for whoever subscribes by mail."""
    lines = text_of(ALICE).splitlines()
    assert lines[0] == "alice was remediated"
    assert {"User: alice", "Account: 123456789012 (acme)", "After: 1812 ms"} <= set(lines)
    assert "Next: enrol a device" in lines
