"""``python -m sim …`` means ``headwater run …``, unless the first word is another command."""

from __future__ import annotations

import sys

from sim.cli import COMMANDS, command

if __name__ == "__main__":
    words = sys.argv[1:]
    asks = bool(words) and (words[0] in (*COMMANDS, "help", "version", "--version", "--help", "-h"))
    sys.argv[1:] = words if asks else ["run", *words]
    command()
