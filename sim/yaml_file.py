"""Reading a configuration file: the one place that says in words what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sim.errors import UserError

# libyaml reads ten times as fast as Python; a build of PyYAML without it has the same loader in Python
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(file: Path, called: str = "") -> dict[str, Any]:
    """A YAML file as a mapping; `called`: its name in sentences (the file's own, unless said).

    Raises `UserError` with file, line and column when it cannot be read, is not valid, or is not a mapping.
    """
    name = called or file.name
    try:
        given = yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UserError(f"{name}{where}: not valid YAML: {getattr(fault, 'problem', None) or fault}.") from None
    except UnicodeDecodeError:
        raise UserError(f"{name} is not a text file in UTF-8.") from None
    except OSError:
        raise UserError(f"{file} cannot be read.") from None
    if not isinstance(given, dict):
        raise UserError(f"{name} must be a mapping of keys to values.")
    return given
