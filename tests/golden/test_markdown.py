"""summary.md, chart.svg and GitHub's annotations: what is said, and that nothing of it is read as more than text."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from loadtests.cli.announce import announce
from reports.output.annotation import annotation_lines
from reports.output.markdown import markdown
from reports.output.markdown_text import escaped
from reports.page.picture import mermaid
from reports.summary import Analysis

from .story import Story
from .test_audit import Seen
from .test_junit import scenario

HOSTILE = (
    "]]></td><script>alert(1)</script> ![x](http://e.example/x.png) @somebody `code` | a | **b**\r\n::error::pwned\n# h"
)
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def crowded() -> Story:
    """Two of a limit of two: one is closed, one leaks; somebody is refused; a stall of the loop that is none."""
    story = Story().opens(1, 1.0).opens(2, 2.0).listed(1, 1.5).listed(2, 2.5).leaves(2, 4.0, "abandon")
    story.note(3, "arrive", 5.0, 9.0, "close").refused(3, 5.0).stops(1, 20.0).vanishes(1, 19.5, 20.5)
    return story.vanishes(2, 31.5, 32.5).note(0, "loop", 6.0, 0.001).looks(40)


def analysed(folder: Path, *gates: str, story: Story | None = None) -> Analysis:
    """With its report in `folder`/run."""
    return (story or crowded()).reported(folder, scenario=scenario(*gates))


def text_of(tokens: list[Token]) -> str:
    """What a reader sees."""
    return "".join(text_of(token.children) if token.children else token.content for token in tokens)


@given(
    st.text(max_size=80) | st.sampled_from([HOSTILE, "www.e.example", "http://e.example", "a_b_c", "\\", "<!--", "$x$"])
)
def test_escaped_text_is_read_as_it_was(text: str) -> None:
    """Whatever is in it: one line of plain text in a table's cell, and nothing else."""
    tokens = READER.parse(f"| x |\n|---|\n| a{escaped(text)}z |")
    _, inline = (token for token in tokens if token.type == "inline")
    assert {token.type for token in inline.children or ()} <= {"text", "text_special"}
    seen = text_of([inline]).replace("\u2060", "")
    assert seen.split() == f"a{UNSEEN.sub(' ', text)}z".replace("\u2060", "").split()


def test_mentions_and_links_are_none() -> None:
    """GitHub makes them of plain text, too."""
    assert escaped("@you http://e www.e :smile:") == "@\u2060you http\\://e www\\.e \\:smile\\:".replace(
        "smile\\:", "smile:"
    )


def test_the_summary_says_what_the_report_says(tmp_path: Path) -> None:
    """The verdict, each gate, figures, a link to the chart beside it, the findings."""
    analysed(tmp_path, "concurrency_hits.count == 0", "sessions.opened > 0 after 1s")
    text = (tmp_path / "run" / "summary.md").read_text(encoding="utf-8")
    assert text.startswith("### streamsoak: Failed\n")
    assert "| concurrency\\_hits.count == 0 | fail | 1 |" in text
    assert "| sessions.opened \\> 0 after 1s | pass | 2 from 00\\:01 to 00\\:39 |" in text
    assert "![Sessions by who held the slot](chart.svg)" in text
    assert "**warning** unclosed-sessions (modelled client)" in text
    tables = [token.type for token in READER.parse(text)].count("table_open")
    assert tables == 3


def test_the_chart_stands_alone(tmp_path: Path) -> None:
    """No variable of a style sheet is left in it, and no address to fetch from."""
    analysed(tmp_path)
    text = (tmp_path / "run" / "chart.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("svg")
    assert "var(" not in text
    assert not re.search(r"(?:href|src|url)\s*[=(]\s*[\"']?(?:https?:)?//", text)
    assert "leaked" in "".join(root.itertext())


def test_a_run_without_sessions_has_a_summary_too(tmp_path: Path) -> None:
    """And no chart in it."""
    analysis = analysed(tmp_path, story=Story().looks(5))
    assert "![" not in (tmp_path / "run" / "summary.md").read_text(encoding="utf-8")
    assert mermaid(analysis) == ""


def test_the_chart_as_text(tmp_path: Path) -> None:
    """Sixty points: all sessions, leaked ones, the limit. One session leaks from 4 s until it was due at 32 s."""
    lines = mermaid(analysed(tmp_path)).splitlines()
    assert (lines[0], lines[-1]) == ("```mermaid", "```")
    held, leaked, limit = (
        [float(value) for value in re.findall(r"[\d.]+", line)] for line in lines if " line " in line
    )
    assert (len(held), len(leaked), limit) == (60, 60, [2.0] * 60)
    assert (held[20], leaked[20], held[40], leaked[40], held[59]) == (2.0, 1.0, 1.0, 1.0, 0.0)


def test_hostile_texts_are_text(tmp_path: Path) -> None:
    """Of the API, by way of a worker's name or a refusal: no line of it is a workflow command, no part of it a picture."""
    analysis = analysed(tmp_path, "sessions.opened == 7")
    verdict = analysis.verdict.gates[0]
    object.__setattr__(verdict, "shown", HOSTILE)
    text = markdown(analysis, "")
    types = {child.type for token in READER.parse(text) for child in token.children or ()}
    assert types <= {"text", "text_special", "strong_open", "strong_close", "softbreak"}
    assert "\n# h" not in text
    for line in annotation_lines(analysis):
        assert re.fullmatch(r"::(error|warning|notice) title=[^:,\r\n]+::[^\r\n]*", line), line


def test_annotations(tmp_path: Path) -> None:
    """An error for what failed, a warning for what is unknown; nothing for what passed."""
    lines = list(
        annotation_lines(analysed(tmp_path, "sessions.opened == 7", "latency.start.p99 < 1s", "sessions.opened > 0"))
    )
    assert "::error title=sessions.opened == 7%3A fail::2" in lines
    assert "::warning title=latency.start.p99 < 1s%3A unknown::not measured: no start call was sent" in lines
    assert len(lines) == 2
    assert list(annotation_lines(analysed(tmp_path / "b", "sessions.opened > 0"))) == []


def test_shares_are_escaped_in_annotations(tmp_path: Path) -> None:
    """A percent sign begins an escape there."""
    (line,) = annotation_lines(analysed(tmp_path, "concurrency_hits.first_attempts < 1%"))
    assert line == "::error title=concurrency_hits.first_attempts < 1%25%3A fail::33 %25"


def test_github_is_told_only_where_it_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Appended to what other steps wrote; nothing anywhere else; a page that cannot be written costs no verdict."""
    analysis = analysed(tmp_path, "sessions.opened == 7")
    page = tmp_path / "page.md"
    page.write_text("before\n", encoding="utf-8")
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    announce(analysis)
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    announce(analysis)
    assert capsys.readouterr().out.startswith("::error title=")
    assert page.read_text(encoding="utf-8").startswith("before\n### streamsoak: Failed\n")
    assert "```mermaid" in page.read_text(encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "such" / "page.md"))
    announce(analysis)
    assert "GITHUB_STEP_SUMMARY" in capsys.readouterr().err


def test_an_audits_summary_is_an_audits(tmp_path: Path) -> None:
    """Verdict, findings with fix and ids, sessions; nothing of a load test, and what the API says stays text."""
    seen = Seen().opened(1, 1, detail=HOSTILE).did(1, "task", 3).reaped(1, 33).opened(2, 5).did(2, "stop", 9)
    analysis = seen.failed(2, "task", 10.0).call(0, "list", 40.0).reported(tmp_path, audit=True)
    text = (tmp_path / "run" / "summary.md").read_text(encoding="utf-8")
    assert text == markdown(analysis, "")
    assert text.startswith(
        "### streamsoak audit: Failed\n\nunclosed-sessions.\n\n- **problem** unclosed-sessions: Your client"
    )
    assert "  Fix: Send streaming.stop on every exit path" in text
    assert "  Session: 2 (id-2)" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows[0] == "| session | id | opened | tasks | keep-alives | closed by | findings |"
    assert rows[3] == "| 2 | id-2 | 5 s | 1 | 0 | client, 9 s | calls-on-closed-session |"
    assert len(rows) == 4
    assert not re.search("peak|loop delay|margin|a second|concurrency", text)
    types = {child.type for token in READER.parse(text) for child in token.children or ()}
    assert types <= {"text", "text_special", "strong_open", "strong_close", "softbreak", "hardbreak"}
