"""What the references of a workspace may read: `${NAME}` and `${file:PATH}`.

A person who can start a plan of a workspace also sees that plan. So a workspace can never read a credential. A pipeline
can limit the rest with `--allow-env` and `--allow-files`, and the workspace can't change these limits.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from notifconf.model.diagnostic import quoted
from notifconf.model.resource import Secret
from notifconf.providers import find_credential_variables, list_loaded

CREDENTIALS: Final = (
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITLAB_TOKEN",
    "ACTIONS_*",
    "CI_JOB_TOKEN",
    "CI_JOB_JWT*",
    "CI_*_PASSWORD",
    "CI_REPOSITORY_URL",
    "*_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_SECRET",
    "VAULT_TOKEN",
)
"""Globs of the variables that are credentials, besides those of the providers."""

_LOGIN: Final = re.compile(r"://[^/?#@:]*:(?P<password>[^/?#@]+)@")

SYSTEM_FOLDERS: Final = ("/proc", "/sys", "/dev")
"""They hold the environment and the memory of processes, and devices."""


class Access(NamedTuple):
    """The limits of one run: `variables` are globs, `folders` are paths. None: no limit. Empty: nothing may be read."""

    variables: tuple[str, ...] | None = None
    folders: tuple[str, ...] | None = None

    def refuse_variable(self, name: str) -> str | None:
        """Return why the variable `name` may not be read, or None where it may be."""
        if is_credential(name):
            return f"the environment variable {name} is a credential: a workspace can never read it"
        if self.variables is None or any(fnmatchcase(name, glob) for glob in self.variables):
            return None
        allowed = _list_allowed(self.variables)
        return f"the environment variable {name} is not allowed here: name it with --allow-env ({allowed})"

    def refuse_file(self, file: str, path: str) -> str | None:
        """Return why `file` may not be read, or None where it may be; messages call it `path`. Links are resolved."""
        try:
            real = Path(os.path.realpath(file))
        except OSError as error:  # a folder on the way may not be entered
            return f"the file {quoted(path)} can't be read: {error.strerror}"
        if any(real.is_relative_to(folder) for folder in SYSTEM_FOLDERS):
            return f"the file {quoted(path)} is below {', '.join(SYSTEM_FOLDERS)}: a workspace can never read it"
        if self.folders is None or any(real.is_relative_to(os.path.realpath(folder)) for folder in self.folders):
            return None
        allowed = _list_allowed(self.folders)
        return f"the file {quoted(path)} is not allowed here: name its folder with --allow-files ({allowed})"


def _list_allowed(allowed: tuple[str, ...]) -> str:
    return f"allowed now: {', '.join(map(quoted, allowed)) or 'nothing'}"


def is_credential(name: str) -> bool:
    """Say whether the environment variable `name` holds a credential, of any provider that this process knows."""
    return _is_credential_of(list_loaded(), name)


@cache
def _is_credential_of(providers: tuple[str, ...], name: str) -> bool:
    variables = (variable for provider in providers for variable in find_credential_variables(provider))
    return any(fnmatchcase(name, glob) for glob in (*CREDENTIALS, *variables))


def credentials_in(environment: Mapping[str, str]) -> Iterator[Secret]:
    """Yield the credentials that an environment holds, URLs with a password among them, such as that of a proxy."""
    for name, value in environment.items():
        login = _LOGIN.search(value)
        if value and (login or is_credential(name)):
            yield Secret(value)
        if login:
            yield Secret(login["password"])
