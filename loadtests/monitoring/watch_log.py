"""The run directory of a watch: its manifest, and the event log from which `streamsoak report` makes a page."""

from __future__ import annotations

from pathlib import Path

from loadtests.model.api.description.description import ApiDescription
from loadtests.model.log.record import Observation, Row
from loadtests.model.log.rows import note_row
from loadtests.model.run.manifest import Manifest
from loadtests.model.run.watch_terms import WatchTerms
from loadtests.monitoring.account_state import Changes
from loadtests.monitoring.alerts import Alert
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.recording.recorder import Recorder
from loadtests.recording.run_directory import new_folder, software_versions, write_manifest

_NAME = "watch"


class WatchLog:
    """Writes what a watch observes. Raises InputError if its directory cannot be created."""

    def __init__(
        self, runs: Path, host: str, api: ApiDescription, limit: int | None, terms: WatchTerms, started_unix: float
    ) -> None:
        self.folder = new_folder(runs, _NAME)
        self._manifest = Manifest(
            run=self.folder.name,
            host=host,
            sandbox=False,
            watch=terms,
            started_unix=started_unix,
            seed=0,
            limit=limit,
            observe=0.0,
            poll=terms.every,
            tolerance=1.0,
            people={},
            api=api,
            scenario=None,
            software=software_versions(),
        )
        write_manifest(self.folder, self._manifest)
        self._recorder = Recorder(self.folder, ())

    def look(self, snapshot: ListSnapshot, changes: Changes) -> None:
        """Records one look at the list, and what it changed."""
        new, gone = Observation.STRANGER, Observation.STRANGER_GONE
        rows = [
            snapshot.row(),
            *(note_row(snapshot.answered, new, None, session.created, session.id) for session in changes.appeared),
            *(note_row(ended.missing_since, gone, None, ended.last_seen, ended.id) for ended in changes.ended),
        ]
        self._append(rows)

    def alert(self, alert: Alert) -> None:
        """Records that an alert is raised or resolved."""
        kind = Observation.ALERT if alert.is_raised else Observation.ALERT_RESOLVED
        self._append([note_row(alert.at, kind, None, alert.value, alert.name.value)])

    def close(self, now: float, reason: str) -> int:
        """Writes the rest and the end, in seconds of the watch; returns the number of events that could not be written."""
        self._recorder.close()
        lost = self._recorder.lost
        end = {"load_ended": now, "ended": now, "end_reason": reason, "lost_events": lost}
        write_manifest(self.folder, self._manifest.model_copy(update=end))
        return lost

    def _append(self, rows: list[Row]) -> None:
        # Written at once: the log of a watch that is killed ends with its last look. A look takes about 850 bytes.
        for row in rows:
            self._recorder.append(row)
        self._recorder.flush()
