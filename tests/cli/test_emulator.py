from __future__ import annotations

import re
import subprocess
import sys

import httpx
import pytest


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nonsense", "unknown kind 'nonsense': one of 400, 400-after, 401"),
        ("503:nth=0", "nth must be a whole number from 1, not '0'"),
        ("503:p=2", "p must be a number from 0 to 1"),
        ("503:nth=1:every=2", "nth, every and p exclude each other"),
    ],
)
def test_a_fault_that_does_not_exist_is_an_error(user, spec, message):
    ended = user.runs("emulator", "--fault", spec)
    assert ended.code == 1
    assert "--fault" in ended.err
    assert message in ended.err


def test_faults_can_be_switched_on():
    faults = ["--fault", "503:method=GET:path=*/integrations:nth=2", "--fault", "403:path=*/subscriptions"]
    command = [sys.executable, "-m", "notifconf", "emulator", "--port", "0", *faults]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://[0-9.:]+", process.stdout.readline())
        assert found is not None
        with httpx.Client(
            base_url=found[0], headers={"Authorization": "Bearer x"}, timeout=None, trust_env=False
        ) as client:
            answers = [client.get(f"/notifications/v1/{name}").status_code for name in ("integrations",) * 3]
            assert answers == [200, 503, 200]
            assert client.get("/notifications/v1/subscriptions").status_code == 403
        process.terminate()
        assert process.wait() == 0
