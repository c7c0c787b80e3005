import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from notifconf.emulator.emulator import Emulator
from notifconf.emulator.store import DatabaseUnusableError, Store


@pytest.fixture
def store():
    store = Store(":memory:")
    yield store
    store.close()


def test_a_transaction_is_done_as_a_whole_or_not_at_all(store):
    def fail() -> None:
        with store.transaction():
            store.put("a", "1", {})
            with store.transaction():
                store.put("a", "2", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.count("a") == 0
    with store.transaction():
        store.put("a", "1", {})
    assert store.count("a") == 1


def test_a_replaced_object_keeps_its_place(store):
    for identifier in "abc":
        store.put("x", identifier, {"n": 1})
    store.put("x", "a", {"n": 2}, owner="o", facet="|F|")
    assert [row.id for row in store.page("x")] == ["a", "b", "c"]
    assert store.get("x", "a").json() == {"n": 2}
    assert [row.id for row in store.page("x", owner="o", facets=["G", "F"])] == ["a"]
    assert store.delete("x", "a") is True
    assert store.delete("x", "a") is False


def test_ids_do_not_repeat_and_do_not_meet_seeded_ones(store):
    expected = Store(":memory:")
    known = [expected.new_id("x", "s-") for _ in range(2000)]
    expected.close()
    assert len(set(known)) == 2000
    store.put("x", known[1], {})
    assert [store.new_id("x", "s-") for _ in range(3)] == [known[0], *known[2:4]]


def test_text_that_is_no_text_survives(store):
    body = {"name": "\ud800\x00\x1b[31m"}
    store.put("x", "1", body)
    assert store.get("x", "1").json() == body


def test_threads_take_turns(store):
    def work():
        for _ in range(50):
            with store.transaction():
                store.put("x", str(store.count("x")), {})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count("x") == 200


def test_state_survives_a_restart(tmp_path):
    database = str(tmp_path / "new" / "folder" / "emulator.sqlite")
    first = Emulator(database)
    first.seed("integrations", {"id": "i-1", "display_name": "x"})
    state = first.state()
    first.close()
    second = Emulator(database)
    assert second.state() == state
    second.close()


def test_two_processes_may_have_one_database_open(tmp_path):
    database = str(tmp_path / "emulator.sqlite")
    first, second = Emulator(database), Emulator(database)
    first.seed("integrations", {"id": "i-1"})
    assert "i-1" in [found["id"] for found in second.objects("integrations")]
    assert first.store.new_id("x", "") != second.store.new_id("x", "")
    first.close()
    second.close()


def test_what_is_no_database(tmp_path):
    (tmp_path / "text").write_text("not a database, but long enough to look for a header in it " * 10)
    for path in (tmp_path / "text", tmp_path, tmp_path / "text" / "below"):
        with pytest.raises(DatabaseUnusableError, match=str(path)):
            Store(str(path))


def test_closing_twice_is_closing(store):
    store.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_reads_the_database(tmp_path):
    database = tmp_path / ".notifconf" / "emulator.sqlite"
    Store(str(database)).close()
    assert (mode(database.parent), mode(database)) == (0o700, 0o600)
    assert (database.parent / ".gitignore").read_text() == "*\n"


def test_nobody_else_reads_an_older_database(tmp_path):
    database = tmp_path / ".notifconf" / "emulator.sqlite"
    Store(str(database)).close()
    siblings = [Path(f"{database}{suffix}") for suffix in ("", "-journal", "-wal", "-shm")]
    for path in siblings:
        path.touch()
        path.chmod(0o644)
    database.parent.chmod(0o755)
    (database.parent / ".gitignore").write_text("!*\n")
    store = Store(str(database))
    assert {mode(path) for path in siblings if path.exists()} == {0o600}
    assert mode(database.parent) == 0o700
    assert (database.parent / ".gitignore").read_text() == "*\n"
    with store.transaction():
        store.put("x", "1", {})
        assert mode(siblings[1]) == 0o600
    store.close()


def test_a_file_of_ones_own_choice_is_closed_and_its_folder_is_left_alone(tmp_path):
    tmp_path.chmod(0o755)
    database = tmp_path / "mine.sqlite"
    database.touch(0o644)
    Store(str(database)).close()
    assert (mode(tmp_path), mode(database)) == (0o755, 0o600)
    assert not (tmp_path / ".gitignore").exists()


@pytest.mark.parametrize("name", ["", "emulator.sqlite", "emulator.sqlite-journal", ".gitignore"])
def test_a_link_that_a_checkout_brings_along_is_not_followed(tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    folder = tmp_path / ".notifconf"
    if name:
        folder.mkdir()
        elsewhere.touch(0o644)
        (folder / name).symlink_to(elsewhere)
    else:
        elsewhere.mkdir(0o755)
        folder.symlink_to(elsewhere)
    before = mode(elsewhere)
    with pytest.raises(DatabaseUnusableError, match="link"):
        Store(str(folder / "emulator.sqlite"))
    assert mode(elsewhere) == before
    assert list(elsewhere.iterdir()) == [] if elsewhere.is_dir() else elsewhere.read_bytes() == b""


def test_what_an_older_emulator_wrote_is_brought_up_to_date(tmp_path):
    database = str(tmp_path / "emulator.sqlite")
    hook = {"kind": "Webhook", "url": "https://example.com/hook"}
    first = Emulator(database)
    first.seed("integrations", {"id": "i-1", "target": hook})
    first.seed("subscriptions", {"id": "s-1", "integrations": [{"id": "i-1"}]})
    state = first.state()
    first.close()
    connection = sqlite3.connect(database)
    connection.executescript(
        "DROP TRIGGER object_added; DROP TRIGGER object_removed; DROP TRIGGER object_moved;"
        "DELETE FROM objects WHERE collection IN ('environments', 'clusters', 'connectors', 'compute-pools');"
        "DROP TABLE counts; DROP TABLE links; UPDATE objects SET owner = '' WHERE collection = 'integrations';"
        "PRAGMA user_version = 0"
    )
    connection.close()
    second = Emulator(database)
    found = second.state()
    inventory = {name: len(found.pop(name)) for name in ("environments", "clusters", "connectors", "compute-pools")}
    assert inventory == {"environments": 2, "clusters": 3, "connectors": 5, "compute-pools": 1}
    assert found.items() <= state.items()
    assert second.store.count("integrations") == 2
    assert second.store.count("integrations", owner="integrations_per_org") == 1
    assert [row.id for row in second.store.linked("subscriptions", "i-1")] == ["s-1"]
    second.close()


def test_counts_and_links_follow_what_is_stored(store):
    store.put("x", "1", {}, owner="a", links=["t", "t", "u"])
    store.put("x", "2", {}, owner="a", links=["t"])
    store.put("x", "2", {}, owner="b", links=["u"])
    store.put("y", "1", {}, links=["t"])
    assert [store.count("x", owner=owner) for owner in ("", "a", "b", "c")] == [2, 1, 1, 0]
    assert [row.id for row in store.linked("x", "t")] == ["1"]
    assert [row.id for row in store.linked("x", "u")] == ["1", "2"]
    store.put("x", "2", {})
    assert [store.count("x", owner=owner) for owner in ("", "a", "b")] == [2, 1, 0]
    store.delete("x", "1")
    store.delete("x", "1")
    assert [store.count("x", owner=owner) for owner in ("", "a", "b")] == [1, 0, 0]
    assert store.linked("x", "t") == store.linked("x", "u") == []
    store.clear("y")
    assert (store.count("y"), store.linked("y", "t")) == (0, [])
