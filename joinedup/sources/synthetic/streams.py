"""Random numbers in streams with names, so that a new subject never changes what an older one draws."""

from __future__ import annotations

from hashlib import sha256

import numpy as np


def stream(seed: int, subject: str, block: int = 0) -> np.random.Generator:
    """The numbers of one subject for one block of people: the same for the same seed, whoever else draws, and in which process."""
    subject_key = int.from_bytes(sha256(subject.encode()).digest()[:4], "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(subject_key, block))))
