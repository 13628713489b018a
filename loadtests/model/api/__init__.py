"""The API as data: operations and paths (`surface`), its rules (`rules`), requests and replies (`service`), and what a reply
means (`translation`, `answer`, `refusals`).

Imports `model.people`, `model.maths` and `model.text`. To change the idle timeout's rule, begin with `rules.Rules.active`;
to change the meaning of a reply, with `translation.translate`.
"""
