"""A comparison as Markdown, for a pull request or a job's page."""

from __future__ import annotations

from reports.compare.comparison import Change, Comparison
from reports.compare.wording import said, said_allowed, said_change, said_interval

_HEAD = "| figure | base | run | change | 95 % interval of the change | may be worse by | |"


def write(comparison: Comparison) -> str:
    """The verdict, what changed, and the rest folded away."""
    lines = [
        f"## {comparison.result}: {_text(comparison.run.run)} beside {_text(comparison.base.run)}",
        "",
        _text(comparison.sentence),
        "",
        f"The first {comparison.seconds:.0f} s of load of both.",
    ]
    if comparison.differences:
        lines += ["", "**The runs were made under different conditions:**", ""]
        lines += [f"- {_text(difference)}" for difference in comparison.differences]
    told = [change for change in comparison.changes if change.judged not in ("noise", "unknown")]
    rest = [change for change in comparison.changes if change.judged in ("noise", "unknown")]
    if told:
        lines += ["", *_table(told)]
    if rest:
        lines += ["", f"<details><summary>{len(rest)} figures that did not change by more than noise</summary>", ""]
        lines += [*_table(rest), "", "</details>"]
    return "\n".join(lines) + "\n"


def _table(changes: list[Change]) -> list[str]:
    return [_HEAD, "|---|--:|--:|--:|--:|--:|---|", *map(_line, changes)]


def _line(change: Change) -> str:
    judged = f"**{change.judged}**" if change.judged == "regression" else change.judged
    cells = (
        f"`{change.figure}`",
        said(change, change.base),
        said(change, change.run),
        said_change(change),
        said_interval(change),
        said_allowed(change),
        f"{judged}: {change.why}" if change.why else judged,
    )
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """As text: what comes from a file's or a directory's name makes no markup."""
    for sign in "\\`*_[]<>|#":
        text = text.replace(sign, f"\\{sign}")
    return text
