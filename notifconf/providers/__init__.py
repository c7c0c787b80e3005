"""The services that notifconf knows: each is a folder here, or comes with another installed package.

Another package names its provider in the entry point group `notifconf.providers`; see docs/add-a-provider.md. Looking
for entry points takes longer than loading a small workspace. So nobody looks for them when the name is built in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from notifconf.errors import UsageError
from notifconf.model.diagnostic import nearest, quoted
from notifconf.providers.base import Provider

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

BUILT_IN = ("confluent", "konnect")
CREDENTIAL_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "confluent": ("CONFLUENT_CLOUD_API_KEY", "CONFLUENT_CLOUD_API_SECRET", "CONFLUENT_CLOUD_ACCESS_TOKEN"),
    "konnect": ("KONNECT_TOKEN",),
}
"""Of the built-in providers: masking an output must not import a provider that the command does not use."""

ENTRY_POINT_GROUP = "notifconf.providers"

_loaded: dict[str, Provider] = {}


def load_provider(name: str) -> Provider:
    """Return the provider that a workspace calls `name`, imported when it is first asked for.

    Raises `UsageError` for a name that no provider has, and for a provider of another package that can't be used.
    """
    if name not in _loaded:
        is_built_in = name in BUILT_IN
        _loaded[name] = import_module(f"notifconf.providers.{name}").PROVIDER if is_built_in else _load_installed(name)
    return _loaded[name]


class LazyModule:
    """Stands for a module, which is imported when one of its members is first used.

    A provider hands over to the modules of its folder through these: `validate` needs few of them, and a plan needs
    neither the inbox nor an export.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, member: str) -> Any:
        """Return a member of the module."""
        return getattr(import_module(self._name), member)


def find_credential_variables(name: str) -> Collection[str]:
    """Return the environment variables that hold the credentials of a provider."""
    return CREDENTIAL_VARIABLES.get(name) or load_provider(name).credential_variables


def list_providers() -> tuple[str, ...]:
    """Return the names of all providers: the built-in ones, then those of other installed packages."""
    return (*BUILT_IN, *sorted(_find_entry_points()))


def list_loaded() -> tuple[str, ...]:
    """Return the names of the built-in providers, and of those of other packages that this process uses."""
    return (*BUILT_IN, *sorted(_loaded.keys() - set(BUILT_IN)))


def is_provider(name: object) -> bool:
    """Say whether a provider has this name."""
    return isinstance(name, str) and (name in BUILT_IN or name in _find_entry_points())


def _find_entry_points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # it takes a third of the time of `notifconf validate`

    return {found.name: found for found in entry_points(group=ENTRY_POINT_GROUP) if found.name not in BUILT_IN}


def _load_installed(name: str) -> Provider:
    entry_point = _find_entry_points().get(name)
    if entry_point is None:
        known = list_providers()
        raise UsageError(f"there is no provider {quoted(name)}{nearest(name, known)}: known are {', '.join(known)}")
    try:
        provider = entry_point.load()
    except Exception as error:
        raise UsageError(f"the provider {quoted(name)} ({entry_point.value}) can't be loaded: {error}") from error
    if not isinstance(provider, Provider) or provider.name != name:
        wanted = f"an instance of notifconf.providers.base.Provider whose name is {quoted(name)}"
        raise UsageError(f"the provider {quoted(name)} can't be used: {entry_point.value} must be {wanted}")
    return provider
