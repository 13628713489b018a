"""A comparison as Markdown, for a pull request or a job's page."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count
from reports.compare.comparison import Change, Comparison, rank
from reports.compare.wording import in_words, shown, shown_allowed, shown_change, shown_interval, shown_judgement

_HEAD = "| figure | base | run | change | 95 % interval of the change | may be worse by | |"


def write(comparison: Comparison) -> str:
    """Return the verdict and what changed, with the other figures folded."""
    lines = [
        f"## {comparison.word}: {_text(comparison.run.run)} compared with {_text(comparison.base.run)}",
        "",
        _text(comparison.reason),
        "",
        f"Compared: the first {format_duration(comparison.seconds)} of load of both runs.",
    ]
    if comparison.differences:
        lines += ["", "**The runs were made under different conditions:**", ""]
        lines += [f"- {_text(difference)}" for difference in comparison.differences]
    changed = [change for change in comparison.changes if change.judged not in ("noise", "unknown")]
    rest = [change for change in comparison.changes if change.judged in ("noise", "unknown")]
    if regressions := [change for change in changed if change.judged == "regression"]:
        lines += ["", *(f"- {_text(in_words(change))}" for change in regressions)]
    if changed:
        lines += ["", *_table(sorted(changed, key=rank))]
    if rest:
        lines += ["", f"<details><summary>{count(len(rest), 'figure')} without a change beyond noise</summary>", ""]
        lines += [*_table(rest), "", "</details>"]
    return "\n".join(lines) + "\n"


def _table(changes: list[Change]) -> list[str]:
    return [_HEAD, "|---|--:|--:|--:|--:|--:|---|", *map(_line, changes)]


def _line(change: Change) -> str:
    judged = f"**{change.judged}**" if change.judged == "regression" else shown_judgement(change)
    cells = (
        f"`{change.figure}`",
        shown(change, change.base),
        shown(change, change.run),
        shown_change(change),
        shown_interval(change),
        shown_allowed(change),
        judged,
    )
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """Return names of files and directories with their markup escaped."""
    for sign in "\\`*_[]<>|#":
        text = text.replace(sign, f"\\{sign}")
    return text
