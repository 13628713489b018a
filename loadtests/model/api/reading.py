"""How to read the answers to one call of an API: its description, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from loadtests.model.api.description.call import AnswerFields
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.pointer import Getter, getter
from loadtests.model.api.description.template import TOKEN
from loadtests.model.api.operation import Operation
from loadtests.model.api.refusals import RefusalPattern


@dataclass(frozen=True, slots=True)
class Reading:
    """Where the parts of an answer are."""

    is_standard: bool
    """Whether the parts have the names of the default API, which are read faster: values are looked up in `data`. Otherwise
    everything is looked up in the whole document."""
    code: Getter | None
    success: int
    error: Getter | None
    messages: tuple[Getter, ...]
    session_id: Getter | None
    cap: Getter | None
    duration: Getter | None
    duration_units: float
    """Units of the duration in a second."""
    keep: tuple[tuple[str, Getter], ...]
    """Values for later calls, by name."""
    refusals: tuple[RefusalPattern, ...]

    @property
    def reads_nothing(self) -> bool:
        """Whether an acknowledgement has no values that are needed."""
        return self.session_id is self.cap is self.duration is None and not self.keep


def reading_of(api: ApiDescription, operation: Operation) -> Reading:
    """Returns how to read the answers to `operation`."""
    call = api.list if operation is Operation.LIST else api.calls.get(operation)
    return _compiled(api, call.answer if call else AnswerFields())


@cache
def default_reading() -> Reading:
    """Returns how to read any answer of the default API."""
    api = default_api()
    fields = AnswerFields(
        session_id=api.calls[Operation.NEW].answer.session_id,
        cap=api.calls[Operation.NEW].answer.cap,
        duration=api.calls[Operation.TASK].answer.duration,
        duration_unit=api.calls[Operation.TASK].answer.duration_unit,
    )
    return _compiled(api, fields)


def _compiled(api: ApiDescription, fields: AnswerFields) -> Reading:
    answers = api.answers
    keep = dict(fields.keep)
    if fields.token and api.needs_token:
        keep[TOKEN] = fields.token
    pointers = [pointer for pointer in (fields.session_id, fields.cap, fields.duration, *keep.values()) if pointer]
    is_standard = answers == default_api().answers and all(
        pointer.startswith(f"{answers.data}/") for pointer in pointers
    )

    def place(pointer: str) -> Getter:
        return getter(pointer.removeprefix(answers.data or "") if is_standard else pointer)

    def value(pointer: str | None) -> Getter | None:
        return None if pointer is None else place(pointer)

    return Reading(
        is_standard,
        getter(answers.code) if answers.code is not None else None,
        answers.success,
        getter(answers.error) if answers.error is not None else None,
        tuple(map(getter, answers.message)),
        value(fields.session_id),
        value(fields.cap),
        value(fields.duration),
        1000.0 if fields.duration_unit == "ms" else 1.0,
        tuple((name, place(pointer)) for name, pointer in keep.items()),
        tuple(rule.pattern for rule in api.refusals),
    )
