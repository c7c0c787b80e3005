from __future__ import annotations

import pytest

from notifconf.errors import UsageError
from notifconf.http.endpoint import check_endpoint


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://api.confluent.cloud", "https://api.confluent.cloud"),
        ("https://api.confluent.cloud/", "https://api.confluent.cloud"),
        ("HTTPS://API.Confluent.Cloud", "https://api.confluent.cloud"),
        ("https://global.api.konghq.com/v1/", "https://global.api.konghq.com/v1"),
        ("https://proxy.example.test:8443/Confluent", "https://proxy.example.test:8443/Confluent"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.9.9.9:1/x/", "http://127.9.9.9:1/x"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_what_is_an_endpoint(url: str, endpoint: str) -> None:
    assert check_endpoint(url) == endpoint


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "not an https"),
        ("api.confluent.cloud", "not an https"),
        ("ftp://api.confluent.cloud", "not an https"),
        ("https://", "no host"),
        ("https:///path", "no host"),
        ("http://api.confluent.cloud", "in clear"),
        ("http://localhost.example.test", "in clear"),
        ("http://127.0.0.1.example.test", "in clear"),
        ("http://localhost.", "in clear"),
        ("http://0.0.0.0", "in clear"),
        ("http://10.0.0.1", "in clear"),
        ("https://user:t0ps3cret@api.confluent.cloud", "credentials"),
        ("http://127.0.0.1@t0ps3cret.example.test", "credentials"),
        ("https://api.confluent.cloud?key=t0ps3cret", "query"),
        ("https://api.confluent.cloud/#t0ps3cret", "fragment"),
        ("https://api.confluent.cloud:https", "port"),
        ("https://api.confluent.cloud:99999", "port"),
        ("https://[::1", "can be read"),
        ("https://api.confluent.cloud\n", "control"),
        ("https://api.con fluent.cloud", "blanks"),
        ("https://api.confluent.cloud\\@example.test", "backslashes"),
        ("https://console.example.test", "https://api.example.test"),
        ("https://console.example.test./environments/env-1?x", "https://api.example.test"),
    ],
)
def test_what_is_none(url: str, text: str) -> None:
    with pytest.raises(UsageError, match=text) as caught:
        check_endpoint(url, {"console.example.test": "https://api.example.test"})
    assert "t0ps3cret" not in str(caught.value)
