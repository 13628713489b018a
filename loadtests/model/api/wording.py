"""A refusal of the rules in an API's own words: the sandbox serves them, and simulated runs record them."""

from __future__ import annotations

import msgspec

from loadtests.model.api.answer import Outcome, Reason
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.reply import Reply
from loadtests.model.api.translation import answer_from_reply


def in_words_of(api: ApiDescription, reply: Reply) -> Reply:
    """Returns the refusal `reply` with status, code and message as `api` says it; other replies as they are.

    An error within HTTP 200 stays one where answers have a code; without a code, no client could tell it from a success.
    """
    if api.is_default or reply.is_success:
        return reply
    within_200 = reply.status < 300 and api.answers.code is not None
    rule = api.wording(_reason(reply))
    if rule is None:
        return reply if reply.status >= 400 or within_200 else msgspec.structs.replace(reply, status=400)
    status = rule.status or (reply.status if reply.status >= 400 else 400)
    message = (rule.text[:1].upper() + rule.text[1:]) or reply.message
    code = rule.code or status
    return msgspec.structs.replace(reply, status=reply.status if within_200 else status, code=code, message=message)


def _reason(reply: Reply) -> Reason:
    answer = answer_from_reply(reply, 0.0, 0.0, 1.0)
    return Reason.NONE if answer.outcome is Outcome.OK else answer.reason
