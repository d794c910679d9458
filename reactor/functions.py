"""Which functions a stage has under its settings: some are deployed only where they are wanted."""

from collections.abc import Callable, Mapping

from reactor.names import Function
from reactor.settings import Settings

# Those that are not always there, with what they are there for.
_WANTED: Mapping[Function, Callable[[Settings], bool]] = {
    Function.BUCKETS: lambda settings: settings.buckets,
    # Where no rule of AWS Config is named, no notice is anybody's business.
    Function.COMPLIANCE: lambda settings: bool(settings.config_rules),
    Function.NOTIFY: lambda settings: settings.tells,
}


def functions_of(settings: Settings) -> tuple[Function, ...]:
    """Return the functions of a stage. app.py gives Chalice these and no others."""
    return tuple(each for each in Function if each not in _WANTED or _WANTED[each](settings))
