"""YAML text, with positions, to the desired side: a `Workspace`, or all that is wrong with it at once."""

from notifconf.config.access import Access
from notifconf.config.interpolate import referred_value
from notifconf.config.load import load, parse_max_deletes
from notifconf.config.schema import add_names, schema_text

__all__ = ["Access", "add_names", "load", "parse_max_deletes", "referred_value", "schema_text"]
