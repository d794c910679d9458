"""reactor.errors: two kinds, one line, a remedy."""

import pytest

from reactor.errors import FOREIGN_TEXT_LIMIT, Permanent, ReactorError, Transient, shorten


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Transient("a", remedy="b"), "transient"),
        (Permanent("a", remedy="b"), "permanent"),
        (ReactorError("a", remedy="b"), "transient"),
    ],
)
def test_kinds(error: ReactorError, kind: str) -> None:
    """What is not known to be permanent is transient; the remedy is apart from the message."""
    assert (error.kind, str(error), error.remedy) == (kind, "a", "b")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a\n b\t\tc ", "a b c", id="white space becomes single blanks"),
        pytest.param(None, "None", id="anything has a text"),
        pytest.param("x" * 300, "x" * 300, id="the limit itself"),
        pytest.param("x" * 301, "x" * 299 + "…", id="one too many"),
    ],
)
def test_shorten(text: object, line: str) -> None:
    """Foreign text becomes one line of a limited length."""
    assert shorten(text) == line
    assert len(shorten(text)) <= FOREIGN_TEXT_LIMIT
