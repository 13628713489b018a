"""What every log has, before its source makes something of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.findings.evidence import Evidence


@dataclass(frozen=True)
class Measured:
    """The evidence, and its figures as summary.json has them."""

    evidence: Evidence
    figures: Mapping[str, Any]
