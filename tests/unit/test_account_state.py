"""What the list shows of an account: counts, ages, ends that a second list confirms."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.run.watch_terms import WatchTerms
from loadtests.monitoring.account_state import AccountFigures, AccountState, Changes
from loadtests.observing.list_snapshot import ListHistory, ListSnapshot

STARTED = 1_700_000_000.0


class Account:
    """Shows lists to a state, one every ten seconds. Ids come with their created_at, in seconds of the watch."""

    def __init__(self, limit: int | None = None, **terms: float) -> None:
        self.state = AccountState(WatchTerms(**{"every": 10.0, "budget": 1000, **terms}), limit, STARTED)
        self._history = ListHistory()
        self.now = 0.0
        self.idle: dict[str, float] = {}

    def look(self, **created: float | None) -> Changes:
        """One list; None: without created_at."""
        answer = Answer(Outcome.OK, sent=self.now, answered=self.now + 0.1)
        listed = {name: 0.0 if t is None else STARTED + t for name, t in created.items()}
        snapshot = self._history.compare(self.now, answer, listed)
        snapshot.idle_timeouts = {name: idle for name, idle in self.idle.items() if name in created}
        self.now += 10
        return self.state.update(snapshot)

    def fail(self) -> Changes:
        """A look without a list."""
        answer = Answer(Outcome.UNKNOWN, Reason.TIMEOUT, self.now, self.now + 1)
        self.now += 10
        return self.state.update(ListSnapshot.without_list(self.now, answer))

    @property
    def figures(self) -> AccountFigures:
        """As of now."""
        return self.state.figures(self.now)


def test_nothing_is_known_before_the_first_list() -> None:
    """Not even that no session is open."""
    account = Account(idle=60)
    account.fail()
    assert (account.figures.open, account.figures.oldest, account.figures.unread_for) == (None, None, 10)
    assert not account.state.has_been_read


def test_ages_are_by_created_at_or_since_the_first_sight() -> None:
    """Whichever is longer; a time of creation that is missing or in the future says nothing."""
    account = Account()
    account.look(old=-100, unknown=None, future=5000)
    assert [round(age) for _, age in account.state.oldest(account.now, 5)] == [110, 10, 10]
    assert (account.figures.oldest, account.figures.median_age) == (110, 10)


def test_a_session_ends_when_two_lists_lack_it() -> None:
    """Until then it is missing; the end lies between the last list that had it and the first that lacked it."""
    account = Account()
    account.look(a=-1, b=-1)
    assert account.look(b=-1).ended == []
    assert (account.figures.open, account.figures.missing, account.figures.closed) == (1, 1, 0)
    (ended,) = account.look(b=-1).ended
    assert (ended.id, ended.last_seen, ended.missing_since) == ("a", 0.0, 10.1)
    assert (account.figures.open, account.figures.missing, account.figures.closed) == (1, 0, 1)


def test_a_failed_look_confirms_nothing() -> None:
    """Only a list does."""
    account = Account()
    account.look(a=-1)
    account.look()
    assert account.fail().ended == []
    assert (account.figures.missing, account.figures.closed) == (1, 0)
    assert [one.id for one in account.look().ended] == ["a"]


def test_a_list_that_lacks_a_session_once_ends_nothing() -> None:
    """It is neither closed nor opened anew."""
    account = Account()
    account.look(a=-1)
    account.look()
    assert account.look(a=-1) == Changes()
    account.look(a=-1)
    assert (account.figures.open, account.figures.opened, account.figures.closed) == (1, 0, 0)


def test_an_end_is_taken_back_when_the_session_is_listed_again() -> None:
    """The list is inconsistent then."""
    account = Account()
    account.look(a=-1)
    account.look()
    account.look()
    assert account.figures.closed == 1
    account.look(a=-1)
    assert (account.figures.closed, account.figures.returned, account.figures.opened) == (0, 1, 0)


def test_sessions_of_the_first_list_and_late_entries_were_not_opened_during_the_watch() -> None:
    """A late entry is open, but the watch did not see it begin."""
    account = Account()
    account.look(a=-1)
    account.look(a=-1, late=-300, new=8)
    assert (account.figures.open, account.figures.opened) == (3, 1)


def test_rates_are_those_of_the_last_minute() -> None:
    """None before half a minute is covered."""
    account = Account()
    account.look()
    account.look(a=5)
    assert account.figures.opened_per_minute is None
    account.look(a=5, b=15)
    account.look(b=15)
    account.look(b=15)
    assert (account.figures.opened_per_minute, account.figures.closed_per_minute) == (2.4, 1.2)
    for _ in range(6):
        account.look(b=15)
    assert (account.figures.opened_per_minute, account.figures.closed_per_minute) == (0, 0)


def test_rare_looks_have_rates_over_a_longer_time() -> None:
    """Over three looks, if that is more than a minute."""
    account = Account(every=60.0)
    account.look()
    account.now = 60
    account.look(a=30, b=30)
    account.now = 120
    account.look(a=30, b=30, c=100)
    account.now = 180
    assert account.figures.opened_per_minute == 1


def test_sessions_outlive_the_idle_timeout_of_their_entry_or_of_the_terms() -> None:
    """The entry's comes first. Without either, nothing can be said."""
    account = Account(idle=60)
    account.idle = {"own": 300.0}
    account.look(own=-100, long=-100, short=-10)
    assert (account.figures.longer_than_idle, account.figures.overdue) == (1, 1)
    assert Account().figures.overdue is None
    bare = Account()
    bare.idle = {"own": 30.0}
    bare.look(own=-100, other=-1000)
    assert bare.figures.longer_than_idle == 1


def test_sessions_open_for_longer_than_the_cap() -> None:
    """Both figures count; the larger one is what is overdue."""
    account = Account(idle=60, cap=3600)
    account.look(a=-4000, b=-100, c=-1)
    figures = account.figures
    assert (figures.longer_than_cap, figures.longer_than_idle, figures.overdue) == (1, 2, 2)
    assert [account.state.is_overdue(*pair) for pair in account.state.oldest(account.now, 3)] == [True, True, False]


@given(st.lists(st.sets(st.sampled_from("abcdef")), min_size=1, max_size=30))
def test_the_counts_add_up_whatever_the_lists_show(lists: list[set[str]]) -> None:
    """Open and missing = first list + opened − closed; open is what the last list shows."""
    account = Account()
    for names in lists:
        account.look(**dict.fromkeys(names))
    figures = account.figures
    assert figures.open == len(lists[-1])
    assert figures.open + figures.missing == len(lists[0]) + figures.opened - figures.closed
    assert figures.closed >= 0
