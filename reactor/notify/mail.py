"""A notice as text for people's mail, and its subject line, within what SNS takes. Pure."""

from reactor.notify import slack
from reactor.notify.notices import Notice

SUBJECT_LIMIT = 100  # ASCII characters, none of which breaks the line (Publish)


def subject_of(notice: Notice) -> str:
    """Return the subject: our own words, and plain names."""
    line = f"[mfa-reactor] {slack.fallback(notice)}"
    return line.encode("ascii", "replace").decode()[:SUBJECT_LIMIT]


def text_of(notice: Notice) -> str:
    """Return the text, one fact a line."""
    lines = [notice.what, ""]
    lines += [f"{label}: {value}" for label, value in slack.facts(notice)]
    for label, names in notice.samples.items():
        lines += ["", f"{label} (some):", *(f"- {each}" for each in names)]
    if notice.next_step:
        lines += ["", f"Next: {notice.next_step}"]
    text = "\n".join([*lines, "", slack.origin(notice)])
    return "".join(each if each.isprintable() or each == "\n" else "·" for each in text)
