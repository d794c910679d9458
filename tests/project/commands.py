"""The commands that the documents tell people to type."""

import re
from collections.abc import Iterator

# Blocks are indented, more so within the items of a list.
_INDENTED = re.compile(r"^( {4,8})(?=\S)")


def blocks(text: str) -> Iterator[str]:
    """Yield a page's blocks of commands, without their indentation, in their order."""
    block, depth, after_blank = list[str](), "", True
    for line in [*text.splitlines(), ""]:
        if block and line.startswith(depth):
            block.append(line.removeprefix(depth))
            continue
        if block:
            yield "\n".join(block)
            block = []
        start = _INDENTED.match(line)
        if start and after_blank:
            depth = start[1]
            block = [line.removeprefix(depth)]
        after_blank = not line.strip()


def section(text: str, heading: str) -> str:
    """Return what stands below a heading of the second level, without it."""
    (found,) = re.findall(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    return str(found)


def code(text: str) -> str:
    """Return all that is set as code: blocks, and what stands between backticks, a line each."""
    prose = "\n".join(line for line in text.splitlines() if not _INDENTED.match(line))
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
    return "\n".join([*blocks(text), *spans])
