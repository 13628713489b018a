"""Random numbers: a small counter-based stream for each person.

A person's choices must not depend on the number of workers or on the draws of others, so no generator is shared: each person
has a key, and the n-th draw is a hash of key and n. This is SplitMix64 (Steele, Lea and Flood, "Fast
splittable pseudorandom number generators", OOPSLA 2014, doi 10.1145/2660193.2660195), whose state *is* a counter.
"""

from __future__ import annotations

import hashlib

import msgspec

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_TO_UNIT = 2.0**-52
_HALF_STEP = _TO_UNIT / 2


class Draw(msgspec.Struct, gc=False, eq=False):
    """A stream of uniform numbers; one integer of state.

    >>> Draw.of(7, "reading", 1).uniform() == Draw.of(7, "reading", 1).uniform()
    True
    """

    _state: int

    @classmethod
    def of(cls, *key: int | str) -> Draw:
        """Returns the stream of `key` (the run's seed, a profile's name, a person's number, …)."""
        digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
        return cls(int.from_bytes(digest, "little"))

    def uniform(self) -> float:
        """The next number, uniform in the open interval (0, 1)."""
        self._state = z = (self._state + _GAMMA) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        # Half a step up, so that neither 0 nor 1 occurs: callers take logarithms and inverse normals.
        return ((z ^ (z >> 31)) >> 12) * _TO_UNIT + _HALF_STEP

    def chance(self, probability: float) -> bool:
        """True with `probability`. Always consumes exactly one draw."""
        if 0 < probability < 1:
            return self.uniform() < probability
        self._state = (self._state + _GAMMA) & _MASK
        return probability > 0
