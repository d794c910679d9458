"""Refused invocations of which an alarm has told: the next change of a user is refused alike.

A rule with a mistyped parameter is invoked for every change in the account, and AWS Config does not
hear that it was refused: an alarm for each would be a message for each.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

AGAIN_AFTER = timedelta(hours=1)


@dataclass(slots=True)
class Refusals:
    """When each was told last, by rule and reason; it lives as long as the environment."""

    _told: dict[tuple[str | None, str], datetime] = field(default_factory=dict)

    def is_news(self, rule: str | None, why: str, at: datetime) -> bool:
        """Tell whether this is to be told, and take it for told if so."""
        # What is old is forgotten: whoever may invoke the function can make reasons up.
        self._told = {key: told for key, told in self._told.items() if at - told < AGAIN_AFTER}
        if (rule, why) in self._told:
            return False
        self._told[rule, why] = at
        return True
