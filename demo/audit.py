"""The audit trail, read back from CloudWatch Logs with the AWS CLI, as an auditor would."""

import json
import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from rich.highlighter import JSONHighlighter
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from demo.play import Result, audit_record
from demo.show import Show
from demo.stage import Stage
from reactor.audit import SCHEMA
from reactor.model import TriggerKind

_FUNCTIONS = ("react", "review", "sweep", "keeper")

Record = dict[str, Any]


def read_back(stage: Stage, show: Show, results: Sequence[Result]) -> list[str]:
    """Show the records as CloudWatch Logs has them; return what is missing there."""
    show.print(Padding(Text("The audit trail, from CloudWatch Logs", style="bold"), (1, 0, 1, 2)))
    first, *others = [stage.deployment.log_group(function) for function in _FUNCTIONS]
    show.print(Padding(_as_typed(_command(first)), (0, 0, 0, 2)))
    show.print(Padding(Text(f"and the same of {', '.join(others)}", style="dim"), (0, 0, 1, 2)))
    records: list[Record] = []
    for log_group in (first, *others):
        messages: list[str] = json.loads(stage.aws(_command(log_group)))
        records += [record for each in messages if (record := audit_record(each)) is not None]
    records.sort(key=lambda record: str(record["timestamp"]))
    told = [record for record in records if not _is_quiet(record)]
    show.print(Padding(_table(told, wide=show.is_wide), (0, 0, 0, 2)))
    quiet = len(records) - len(told)
    rest = f"and {quiet} users whom the sweep found in order. ms: in the function, from receipt"
    show.print(Padding(Text(rest, style="dim"), (0, 0, 0, 2)))
    _show_one(show, results)
    runs = {record["run"] for record in records}
    return [
        f"the record of “{result.step.what}” is not in CloudWatch Logs"
        for result in results
        if result.evidence is not None and result.evidence.record["run"] not in runs
    ]


def _is_quiet(record: Record) -> bool:
    """Whether the sweep looked at somebody and had nothing to do."""
    return record["trigger"]["kind"] == TriggerKind.SCHEDULE and not record["actions"]


def _command(log_group: str) -> tuple[str, ...]:
    return (
        *("logs", "filter-log-events"),
        *("--log-group-name", log_group),
        *("--filter-pattern", f'"{SCHEMA}"'),
        *("--query", "events[].message", "--output", "json"),
    )


def _as_typed(words: Sequence[str]) -> Text:
    """Write a command as it can be pasted into a shell, an option a line."""
    line = shlex.join(("aws", *words))
    for option in ("--log-group-name", "--filter-pattern", "--query"):
        line = line.replace(f" {option}", f" \\\n    {option}")
    return Text(f"$ {line}", style="cyan")


def _table(records: Iterable[Record], *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    if wide:
        table.add_column("UTC", no_wrap=True)
    for name in ("event", "about", "caused by", "rule"):
        table.add_column(name, no_wrap=True)
    if wide:
        table.add_column("actions", no_wrap=True)
    table.add_column("ms", justify="right")
    for record in records:
        table.add_row(*_cells(record, wide=wide))
    return table


def _cells(record: Record, *, wide: bool) -> list[str]:
    event = record["trigger"]["event"] or {"name": record["trigger"]["kind"], "caller": None}
    subject = record["subject"]
    cells = [
        event["name"],
        _last_part(subject.get("name") or subject.get("arn") or subject["kind"]),
        _last_part(event["caller"] or "–"),
        record["verdict"]["rule"],
    ]
    if wide:
        cells = [record["timestamp"][11:19], *cells]
        cells.append(", ".join(each["action"] for each in record["actions"]))
    return [*cells, str(record["milliseconds"]["since_receipt"])]


def _last_part(arn: str) -> str:
    return arn.rpartition("/")[2]


def _show_one(show: Show, results: Sequence[Result]) -> None:
    """Show one record whole: somebody's own doing, with what was read and what was done."""
    evidence = next((each.evidence for each in results if _tells_most(each)), None)
    if evidence is None:
        return
    show.print(Padding(Text("One of them in full", style="bold"), (1, 0, 1, 2)), picture=False)
    text = _laid_out(evidence.record, show.console.width - 2)
    show.print(Padding(JSONHighlighter()(text), (0, 0, 0, 2)), picture=False)


def _laid_out(value: Any, width: int, indent: int = 0) -> str:  # noqa: ANN401 - JSON
    """Write JSON so that what fits into a line stays in one."""
    whole = json.dumps(value, ensure_ascii=False)
    if indent + len(whole) <= width or not isinstance(value, dict | list):
        return whole
    inner = indent + 2
    if isinstance(value, list):
        parts = [_laid_out(each, width, inner) for each in value]
    else:
        parts = [
            f"{json.dumps(key)}: {_laid_out(each, width - len(key) - 5, inner)}"
            for key, each in value.items()
        ]
    brackets = "[]" if isinstance(value, list) else "{}"
    lines = ",\n".join(" " * inner + part for part in parts)
    return f"{brackets[0]}\n{lines}\n{' ' * indent}{brackets[1]}"


def _tells_most(result: Result) -> bool:
    return result.step.event == "DeactivateMFADevice" and result.evidence is not None
