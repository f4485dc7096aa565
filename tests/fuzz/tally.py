"""What a search over problems counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """Fields that are Counters are counts by name; a claim that did not hold is told in words."""

    contradicted: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        counts = {name: dict(sorted(c.items())) for name, c in vars(self).items() if isinstance(c, Counter)}
        return counts | {"contradicted": self.contradicted}
