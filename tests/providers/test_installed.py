"""A provider that another installed package brings along."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from notifconf import providers
from notifconf.cli.main import run
from notifconf.config.access import is_credential
from notifconf.emulator.server import running
from notifconf.errors import UsageError
from notifconf.providers import BUILT_IN, is_provider, list_providers, load_provider
from tests.providers.acme import acme

WORKSPACE = "version: 1\nprovider: acme\nalerts:\n  fire: Leave the building.\n"


def install(folder: Path, entry_points: str) -> None:
    """Put a package into `folder`, as pip leaves it there."""
    shutil.copy(str(acme.__file__), folder / "acme_notifications.py")
    metadata = folder / "acme_notifications-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-notifications\nVersion: 1.0\n", "utf-8")
    (metadata / "entry_points.txt").write_text(f"[notifconf.providers]\n{entry_points}\n", "utf-8")


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packages on the path; what was loaded of it is forgotten at the end."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(providers, "_loaded", {})
    yield folder
    sys.modules.pop("acme_notifications", None)
    importlib.invalidate_caches()


@pytest.fixture
def installed(site: Path) -> None:
    install(site, "acme = acme_notifications:PROVIDER")


@pytest.fixture
def workspace(tmp_path: Path) -> str:
    file = tmp_path / "notifconf.yaml"
    file.write_text(WORKSPACE, encoding="utf-8")
    return str(file)


class Service:
    """Acme's API, in memory."""

    def __init__(self) -> None:
        self.alerts: dict[str, dict[str, str]] = {}
        routes = [
            Route("/alerts", self.list, methods=["GET"]),
            Route("/alerts", self.create, methods=["POST"]),
            Route("/alerts/{id}", self.update, methods=["PATCH"]),
        ]
        self.app = Starlette(routes=routes)

    async def list(self, request: Request) -> Response:
        return JSONResponse({"alerts": [{"id": key, **item} for key, item in self.alerts.items()]})

    async def create(self, request: Request) -> Response:
        key = f"a-{len(self.alerts)}"
        self.alerts[key] = await request.json()
        return JSONResponse({"id": key}, 201)

    async def update(self, request: Request) -> Response:
        self.alerts[request.path_params["id"]] = await request.json()
        return JSONResponse({"id": request.path_params["id"]})


@pytest.mark.usefixtures("installed")
def test_a_workspace_of_it_is_applied(workspace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    monkeypatch.setenv("ACME_TOKEN", "t0ps3cret")
    with running(service.app) as endpoint:
        options = ["--endpoint", endpoint, "--provider", "acme"]
        assert run(["apply", workspace, "--auto-approve", *options]) == 0
        assert service.alerts == {"a-0": {"name": "fire", "text": "Leave the building."}}
        assert run(["plan", workspace, "--detailed-exitcode", *options]) == 0
        service.alerts["a-0"]["text"] = "Stay."
        plan = str(Path(workspace).with_suffix(".plan"))
        assert run(["plan", workspace, "--out", plan, *options]) == 0
        assert run(["apply", plan, "--auto-approve", *options]) == 0
        assert service.alerts["a-0"]["text"] == "Leave the building."


@pytest.mark.usefixtures("installed")
def test_its_schema_judges_its_workspaces(workspace: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", workspace]) == 0
    Path(workspace).write_text(f"{WORKSPACE}integrations: {{}}\n", encoding="utf-8")
    assert run(["validate", workspace, "--format", "json"]) == 1
    (diagnostic,) = json.loads(capsys.readouterr().out.partition("\n")[2])["diagnostics"]
    assert (diagnostic["code"], diagnostic["line"]) == ("unknown-key", 5)


@pytest.mark.usefixtures("installed")
def test_the_published_schema_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["properties"]["provider"]["enum"] == [*BUILT_IN, "acme"]
    assert schema["$defs"]["acme"] == acme.Acme.schema_definitions["acme"]


@pytest.mark.usefixtures("installed")
def test_no_workspace_reads_its_credentials(workspace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "t0ps3cret")
    Path(workspace).write_text(WORKSPACE.replace("Leave the building.", "${ACME_TOKEN}"), encoding="utf-8")
    assert run(["validate", workspace, "--resolve"]) == 1
    assert is_credential("ACME_TOKEN")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("command", [["types"], ["export"], ["inbox", "list"], ["show"]])
def test_what_it_does_not_define_is_a_clear_error(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "t0ps3cret")
    with running(Service().app) as endpoint:
        assert run([*command, "--provider", "acme", "--endpoint", endpoint]) == 1
    assert "Acme Alerts" in capsys.readouterr().err


def test_an_unknown_name_is_an_error_with_the_known_ones(workspace: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert list_providers() == BUILT_IN
    assert not is_provider("acme")
    with pytest.raises(UsageError, match="confluent, konnect"):
        load_provider("acme")
    assert run(["validate", workspace]) == 1
    assert "confluent, konnect" in capsys.readouterr().err
    assert run(["types", "--provider", "acme"]) == 1


@pytest.mark.parametrize(
    ("entry_point", "text"),
    [
        ("acme = acme_notifications:NOTHING", "can't be loaded"),
        ("acme = nowhere:PROVIDER", "can't be loaded"),
        ("acme = acme_notifications:Acme", "must be an instance"),
        ("other = acme_notifications:PROVIDER", "whose name is"),
    ],
)
def test_one_that_is_broken_is_a_clear_error(site: Path, entry_point: str, text: str) -> None:
    install(site, entry_point)
    with pytest.raises(UsageError, match=text):
        load_provider(entry_point.partition(" ")[0])


def test_another_package_cannot_take_the_place_of_a_built_in_one(site: Path) -> None:
    install(site, "konnect = acme_notifications:PROVIDER")
    assert list_providers() == BUILT_IN
    assert load_provider("konnect").title == "Kong Konnect"


def test_nobody_looks_for_packages_when_the_name_is_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "_find_entry_points", lambda: pytest.fail("entry points were read"))
    assert load_provider("confluent").name == "confluent"
    assert is_provider("konnect")
