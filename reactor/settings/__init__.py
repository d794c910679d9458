"""Every setting of a run, and what it takes (reactor.settings.settings has the table)."""

from reactor.settings.choices import (
    Enrol,
    Lift,
    Mode,
    Restore,
    Scope,
    SelfService,
    TagMatch,
    Via,
    without_case,
)
from reactor.settings.settings import PREFIX, Settings, variable

__all__ = [
    "PREFIX",
    "Enrol",
    "Lift",
    "Mode",
    "Restore",
    "Scope",
    "SelfService",
    "Settings",
    "TagMatch",
    "Via",
    "variable",
    "without_case",
]
