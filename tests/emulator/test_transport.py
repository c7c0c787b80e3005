"""The endpoint `emulator:`."""

import httpx

from notifconf.emulator.settings import Settings
from notifconf.emulator.transport import EmulatorTransport, open_transport

URL = "https://api.confluent.cloud/notifications/v1/integrations"
INTEGRATION = {"display_name": "Alerts", "target": {"kind": "Slack", "webhook_url": "https://hooks.slack.com/x"}}


def test_it_needs_no_credentials_and_answers_for_any_host(app, runner):
    async def ask():
        async with httpx.AsyncClient(transport=EmulatorTransport(app)) as client:
            return [
                await client.get(url) for url in (URL, URL.replace("https://api.confluent.cloud", "http://other:1"))
            ]

    assert [answer.status_code for answer in runner.run(ask())] == [200, 200]


def test_credentials_of_the_client_are_left_alone(app, runner):
    async def ask():
        async with httpx.AsyncClient(transport=EmulatorTransport(app)) as client:
            return await client.get(URL, headers={"Authorization": "Digest x"})

    assert runner.run(ask()).status_code == 401


def test_an_application_of_its_own_is_kept_in_a_file(tmp_path, runner):
    async def make():
        transport = open_transport(str(tmp_path / "emulator.sqlite"), Settings(quota=2))
        async with httpx.AsyncClient(transport=transport) as client:
            return (await client.post(URL, json=INTEGRATION)).status_code

    assert [runner.run(make()) for _ in range(3)] == [201, 201, 402]


def test_one_application_serves_several_clients_after_each_other(app, emulator, runner):
    async def make():
        async with httpx.AsyncClient(transport=EmulatorTransport(app)) as client:
            await client.post(URL, json=INTEGRATION)

    for _ in range(2):
        runner.run(make())
    assert len(emulator.objects("integrations")) == 3
