"""The page of an audit in a real browser: it can be read by everyone, on every screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.golden.test_audit import Seen

from .accessibility import serious

_HOSTILE = '</script><script>document.title="owned"</script>{{7*7}}'


def test_the_page_of_an_audit(page: Any, tmp_path: Path) -> None:
    """No complaint, no request, nothing wider than a phone; findings unfold; whatever the API said stays text."""
    seen = Seen().opened(1, 1, detail=_HOSTILE).did(1, "task", 3).did(1, "keep_alive", 20, 40, 60).opened(2, 5)
    seen.did(2, "stop", 9).failed(2, "task", 10.0, reason=_HOSTILE)
    seen.call(0, "list", 500.0, intended=500.0, value=0.0)
    seen.reported(tmp_path, audit=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "run" / "report.html").as_uri())
    assert page.locator("h1").inner_text().lower() == "failed 2 problems to fix"
    first = page.locator("details.audit").first
    assert "Only a keep-alive timer kept 1 of 2 sessions open" in first.inner_text()
    assert "Fix:" in first.inner_text()
    assert first.locator("tbody tr").count() == 5
    assert first.locator("thead button").count() == 0  # calls stay in the order of time
    first.locator("summary").click()
    assert not first.locator("tbody").is_visible()
    page.locator("details.passed summary").click()
    assert "Every call carried the key or a token of the API." in page.inner_text("details.passed")
    assert _HOSTILE in page.inner_text("main")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert serious(page) == {}
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
