"""The page of a watch in a real browser: it can be read by everyone, on every screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loadtests.model.run.watch_terms import AlertRules
from reports.build import build_report
from tests.golden.watched import Watched

from .accessibility import serious

_HOSTILE = '</script><script>document.title="owned"</script>{{7*7}}'


def test_the_page_of_a_watch(page: Any, tmp_path: Path) -> None:
    """No complaint, no request, nothing wider than a phone; whatever the API said stays text."""
    watch = Watched(tmp_path, alerts=AlertRules(open=3), idle=60, cap=3600)
    watch.look(**{_HOSTILE: -100}).look(**{_HOSTILE: -100}, b=8, c=9).look(**{_HOSTILE: -100}, c=9)
    build_report(watch.fail().look(**{_HOSTILE: -100}).look(**{_HOSTILE: -100}).end())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((watch.run / "report.html").as_uri())
    page.evaluate("Promise.all(window.drawn).then(() => null)")
    assert page.locator("h1").inner_text().lower() == "failed 1 alert raised (open)."
    assert page.locator(".chart svg").count() == 3
    assert _HOSTILE in page.inner_text("main")
    assert page.title() == f"fail: watch {watch.run.name}"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert serious(page) == {}
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
