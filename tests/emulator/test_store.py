import threading

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
