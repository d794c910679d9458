"""The charts of README.md and docs/performance.md, drawn from what the benches have stored.

`python -m benches.charts` writes docs/images; `make bench` writes build/bench, to be looked at
first. The same figures make the same file. No background, and colours that can be read on a light
one and on a dark one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from benches import points as growth
from benches import sweeping
from benches.points import Point
from benches.sweeps import BULK, CUSTODIAN, OURS, Sweep, stored

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IMAGES = Path("docs/images")
USERS = 1000  # of the account in the first chart
BLOG = "blog Lambda"
ORDER = (BLOG, CUSTODIAN, OURS, BULK)  # from the top

_INK = "#7d8590"  # contrast 3.7 with white, 5.0 with GitHub's dark grey
_OTHERS = "#8c959f"
_COLOURS = {OURS: "#2f81f7", BULK: "#2da44e", CUSTODIAN: "#bc6c25", BLOG: "#bf3989"}
_APART = {OURS: 6, BULK: -6}  # points: two labels whose lines end close to one another
_STYLE: Any = {  # matplotlib's type lists all that can be set
    "svg.hashsalt": "mfa-reactor",  # or else each run names its elements anew
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def write(directory: Path) -> list[Path]:
    """Draw whatever has been measured; return the files."""
    written = []
    sweeps = stored(sweeping.RESULT) if sweeping.RESULT.exists() else []
    points = growth.stored() if growth.RESULT.exists() else []
    directory.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        if there := [each for each in sweeps if each.place == (USERS, False, True)]:
            written.append(_save(_beside_others(there), directory / "sweep.svg"))
        if points:
            written.append(_save(_growing(points, sweeps), directory / "growth.svg"))
    return written


def _beside_others(sweeps: Sequence[Sweep]) -> Figure:
    """Draw calls and time of one sweep by everybody; from zero, so that lengths can be compared."""
    figure = Figure(figsize=(8.6, 2.5), layout="constrained")
    calls, seconds = figure.subplots(1, 2, sharey=True)
    ordered = sorted(sweeps, key=lambda each: ORDER.index(each.contestant))
    _bars(calls, ordered, [each.reads for each in ordered], "calls that read IAM", "{:,.0f}")
    _bars(seconds, ordered, [each.seconds for each in ordered], "seconds", "{:,.1f} s")
    calls.invert_yaxis()  # both: they share it
    figure.suptitle(f"One sweep of {USERS:,} users with nothing to do, 20 ms a call", fontsize=11)
    return figure


def _bars(
    axes: "Axes", sweeps: Sequence[Sweep], values: Sequence[float], what: str, form: str
) -> None:
    names = [each.contestant for each in sweeps]
    colours = [_COLOURS[OURS] if each == OURS else _OTHERS for each in names]
    bars = axes.barh(names, values, color=colours, height=0.62)
    axes.bar_label(bars, [f" {form.format(each)}" for each in values], color=_INK)
    axes.set_title(what, loc="left", fontsize=10)
    axes.set_xlim(0, max(values) * 1.25)
    axes.xaxis.set_visible(False)
    axes.tick_params(left=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _growing(points: Sequence[Point], sweeps: Sequence[Sweep]) -> Figure:
    """Draw calls and time as users grow; logarithmic, so that what is linear has the same slope."""
    figure = Figure(figsize=(8.6, 4.2), layout="constrained")
    calls, seconds = figure.subplots(1, 2)
    _scales(calls, "calls to IAM")
    _scales(seconds, "seconds")
    for name, simulated in ((OURS, False), (OURS, True), (BULK, True)):
        own = [each for each in points if (each.contestant, each.simulated) == (name, simulated)]
        label = "" if name == OURS and not simulated else name
        _line(calls, name, {p.users: sum(p.calls.values()) for p in own}, label, dashed=simulated)
        _line(seconds, name, {p.users: p.seconds for p in own}, label, dashed=simulated)
    for name in (BLOG, CUSTODIAN):
        done = [each for each in sweeps if each.contestant == name and _like_those(each)]
        _line(calls, name, {s.users: s.reads + s.writes for s in done}, name)
        _line(seconds, name, {s.users: s.seconds for s in done}, name)
    figure.suptitle("A sweep with nothing to do, 20 ms a call, as users grow", fontsize=11)
    figure.supxlabel(
        "both axes logarithmic; solid in the sandbox, dashed on generated pages", fontsize=8
    )
    return figure


def _like_those(sweep: Sweep) -> bool:
    return sweep.again and sweep.done and not sweep.throttled


def _scales(axes: "Axes", title: str) -> None:
    axes.set(xscale="log", yscale="log", xlim=(80, 700_000))
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xticks([100, 1000, 10_000, 50_000], ["100", "1,000", "10,000", "50,000"])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("users")
    limit = f"IAM's limit,\n{growth.LIMIT_OF_IAM:,} users"
    axes.axvline(growth.LIMIT_OF_IAM, color=_INK, linewidth=0.8, linestyle=":")
    axes.annotate(
        limit,
        (growth.LIMIT_OF_IAM, 0),
        xycoords=("data", "axes fraction"),
        xytext=(4, 4),
        textcoords="offset points",
        fontsize=8,
    )


def _line(
    axes: "Axes",
    name: str,
    points: Mapping[int, float],
    label: str,
    *,
    dashed: bool = False,
) -> None:
    if not points:
        return
    users, values = zip(*sorted(points.items()), strict=True)
    style = "--" if dashed else "-"
    axes.plot(users, values, style, color=_COLOURS[name], marker="o", markersize=3.5, linewidth=1.6)
    axes.annotate(
        label,
        (users[-1], values[-1]),
        xytext=(6, _APART.get(name, 0)),
        textcoords="offset points",
        color=_COLOURS[name],
        va="center",
        fontsize=9,
        fontweight="bold" if name == OURS else "normal",
    )


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})
    return path


if __name__ == "__main__":
    for each in write(IMAGES):
        print(each)
