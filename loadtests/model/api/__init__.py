"""The API as data: operations and paths (`surface`), its rules (`rules`), requests and replies (`service`), and what a reply
means (`translation`, `answer`, `refusals`).

May import `model.people`, `model.maths` and `model.text`. Begin with `rules` (`Rules.active`: the idle timeout's rule) and
`translation` (`translate`: the meaning of a reply).
"""
