"""`python -m tools.realism SHARED [STORE]`."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.realism.page import write

write(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
