"""The authorities that TLS trusts, as the environment names them: SSL_CERT_FILE, else SSL_CERT_DIR, else certifi's."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import httpx

from notifconf.errors import UsageError

FILE, FOLDER, KEY_LOG = "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"


def load_authorities() -> ssl.SSLContext:
    """Return what verifies the certificates of servers. Raises `UsageError` that names the variable at fault."""
    folder = None if os.environ.get(FILE) else os.environ.get(FOLDER)
    # OpenSSL trusts nobody when there is no such folder, and does not say so.
    if folder and not Path(folder).is_dir():
        raise UsageError(f"{FOLDER} names {folder!r}, which is no folder: it must hold certificates of authorities")
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        # Python opens the file of SSLKEYLOGFILE here too: its errors read the same, but name that file.
        if error.filename and error.filename == os.environ.get(KEY_LOG):
            raise UsageError(f"{KEY_LOG} names a file that can't be written ({error.strerror}): unset it") from None
        reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise UsageError(
            f"the certificates of authorities can't be loaded ({reason}): {FILE} must name a file in PEM format"
        ) from None


def describe_trust() -> str:
    """Return a hint for a certificate that is not trusted: which variable decides, and what it should name."""
    for variable in (FILE, FOLDER):
        if os.environ.get(variable):
            return f"{variable} decides which authorities are trusted: does it name the right one?"
    return f"{FILE} can name a file with the certificates of other authorities"
