"""Slack messages in Block Kit, within Slack's documented limits. Pure.

Text that others wrote stands in `plain_text` objects only, which have no formatting, links or
mentions; Slack's three control characters are escaped in it all the same, and what hides or turns
text round is replaced. The fallback text, which Slack does format, has nothing of theirs but plain
names. (Sources: docs.slack.dev, text object, section, header and context block, formatting message
text. That the client makes no link of a plain_text is not said in as many words.)
"""

import re
from typing import Any

from reactor.notify.notices import Notice, NoticeKind

HEADER, SECTION, FIELD = 150, 3000, 2000  # characters
FIELDS = 10  # of a section
_VALUE = 200  # characters of one value, as far as a message has room for reading
_MENTION = re.compile(r"@(?=here|channel|everyone)", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_TITLES = {
    NoticeKind.REMEDIATED: "Remediated",
    NoticeKind.NOT_REMEDIATED: "Could not be remediated",
    NoticeKind.OBSERVED: "Not in order (the stage only observes)",
    NoticeKind.MANY: "Many concerned by one event",
    NoticeKind.SWEEP: "Sweep",
    NoticeKind.ALARM: "Alarm",
}
_OF_KIND = {
    "user": {
        NoticeKind.REMEDIATED: "MFA guard attached",
        NoticeKind.NOT_REMEDIATED: "MFA guard could not be attached",
        NoticeKind.OBSERVED: "MFA guard missing (the stage only observes)",
    },
    "bucket": {
        NoticeKind.REMEDIATED: "Public bucket set to private",
        NoticeKind.NOT_REMEDIATED: "Bucket still public",
        NoticeKind.OBSERVED: "Public bucket (the stage only observes)",
    },
}


def message(notice: Notice) -> dict[str, Any]:
    """Return what a webhook is given."""
    return {
        "text": fallback(notice),
        "blocks": _blocks(notice),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def more(count: int) -> dict[str, Any]:
    """Return the message in place of more notices than one invocation sends."""
    text = f"mfa-reactor: {count} more notices; the functions' logs have them all"
    return {"text": text, "blocks": [_section(text)], "unfurl_links": False, "unfurl_media": False}


def title(notice: Notice) -> str:
    """Return what a notice is about, in our own words."""
    of_kind = _OF_KIND.get(notice.subject.get("kind", ""), {})
    return of_kind.get(notice.kind) or _TITLES[notice.kind]


def fallback(notice: Notice) -> str:
    """Return the text for where blocks are not shown, such as a phone's notification."""
    name = notice.name if _PLAIN_NAME.fullmatch(notice.name) else ""
    alarm = notice.alarm if _PLAIN_NAME.fullmatch(notice.alarm) else ""
    about = f": {name or alarm}" if name or alarm else ""
    account = notice.account if re.fullmatch(r"[0-9]{12}", notice.account) else "?"
    return f"{title(notice)}{about} (account {account})"


def facts(notice: Notice) -> list[tuple[str, str]]:
    """Return what is known of it, each with a label; text of others as it came."""
    account = f"{notice.account} ({notice.alias})" if notice.alias else notice.account
    since = notice.milliseconds.get("since_event", notice.milliseconds.get("since_receipt"))
    numbers = ", ".join(f"{many} {what}" for what, many in notice.counts.items())
    told = [
        ("Alarm", notice.alarm),
        (_subject(notice), notice.name),
        ("Account", account),
        ("By", notice.caller),
        ("What was done", f"{notice.event} {notice.event_time}"),
        ("From", notice.source_address),
        ("Why", "; ".join(notice.reasons)),
        ("After", "" if since is None else f"{since} ms"),
        ("Numbers", numbers),
        *((key.capitalize(), value) for key, value in notice.details.items()),
    ]
    return [(label, value) for label, value in told if value.strip()]


def origin(notice: Notice) -> str:
    """Return where it comes from."""
    return f"mfa-reactor, stage {notice.stage}, {notice.mode}, run {notice.run}"


def plain(text: str, limit: int) -> str:
    """Return text for a plain_text object: one that can neither mention, link, hide nor deceive.

    `limit` is in characters of what is sent, escapes and all.
    """
    shown = "".join(each if each.isprintable() or each == "\n" else "·" for each in text)
    shown = _MENTION.sub("＠", shown)
    pieces, room = list[str](), limit
    for each in shown:
        piece = _ESCAPED.get(each, each)
        # Slack may count as JavaScript does, in which some characters are two.
        room -= len(piece.encode("utf-16-le", "replace")) // 2
        if room < 1:
            return "".join(pieces) + "…"
        pieces.append(piece)
    return "".join(pieces)


def _subject(notice: Notice) -> str:
    kind = notice.subject.get("kind", "")
    return kind.capitalize() if kind in _OF_KIND else "Subject"


def _blocks(notice: Notice) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain_text(title(notice), HEADER)},
        _section(notice.what or title(notice)),
    ]
    texts = [_plain_text(f"{label}: {value}", _VALUE) for label, value in facts(notice)]
    blocks += [
        {"type": "section", "fields": texts[start : start + FIELDS]}
        for start in range(0, len(texts), FIELDS)
    ]
    for label, names in notice.samples.items():
        listed = "\n".join(f"- {each}" for each in names)
        blocks.append(_section(f"{label} (some):\n{listed}"))
    if notice.next_step:
        blocks.append(_section(f"Next: {notice.next_step}"))
    blocks.append({"type": "context", "elements": [_plain_text(origin(notice), _VALUE)]})
    return blocks


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _plain_text(text, SECTION)}


def _plain_text(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": plain(text, limit), "emoji": False}
