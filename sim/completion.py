"""Tab completion of commands, settings and names: ``eval "$(headwater -sc install=bash)"``."""

from __future__ import annotations

import os
from collections.abc import Sequence

from sim import paths, settings
from sim.errors import UserError

SCRIPTS = {
    "bash": """_headwater() {
  local IFS=$'\\n'
  COMPREPLY=( $(COMP_LINE="${COMP_LINE:0:COMP_POINT}" headwater -sc query=bash) )
  [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -F _headwater headwater""",
    "zsh": """autoload -U +X bashcompinit && bashcompinit
_headwater() {
  local IFS=$'\\n'
  COMPREPLY=( $(COMP_LINE="$COMP_LINE" headwater -sc query=zsh) )
}
complete -o nospace -F _headwater headwater""",
    "fish": "complete -c headwater -f -a '(env COMP_LINE=(commandline -cp) headwater -sc query=fish)'",
}


def main(given: Sequence[str]) -> int:
    """Answer ``-sc install=SHELL`` (the script to evaluate) and ``-sc query=SHELL`` (what could come next)."""
    what, _, shell = given[1].partition("=") if len(given) > 1 else ("", "", "")
    if what not in ("install", "query") or shell not in SCRIPTS:
        raise UserError(f'Say which shell: eval "$(headwater -sc install=bash)" (or {", ".join(list(SCRIPTS)[1:])}).')
    print(SCRIPTS[shell] if what == "install" else "\n".join(candidates(os.environ.get("COMP_LINE", ""))))
    return 0


def candidates(line: str) -> list[str]:
    """What could complete the last word of a line that begins with the program's name."""
    from sim.cli import COMMANDS

    words = line.split()[1:]
    last = words[-1] if words and not line.endswith(" ") else ""
    if len(words) - bool(last) == 0:
        options = list(COMMANDS)
    else:
        key, sign, _ = last.partition("=")
        rows = {row.key: row for row in settings.rows(words[0])}
        if not sign:
            options = [f"{name}=" for name in rows]
            if words[0] in ("run", "compare", "attribute"):
                options += [f"levers.{lever}.amount=" for lever in paths.names("levers")]
        elif key == "place":
            options = [f"place={name}" for name in paths.names("place")]
        elif key == "scenario":
            options = [f"scenario={name}" for name in paths.names("scenario")]
        elif key == "scenarios":
            start = last[: max(last.rfind("["), last.rfind(","), last.find("=")) + 1]
            options = [f"{start}{name}" for name in paths.names("scenario")]
        else:
            options = [f"{key}=true", f"{key}=false"] if key in rows and rows[key].kind == "yes or no" else []
    return [option for option in options if option.startswith(last)]
