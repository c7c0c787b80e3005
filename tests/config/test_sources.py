from __future__ import annotations

import os
from io import BytesIO

import pytest

from notifconf.config.sources import read_sources
from notifconf.config.yaml import MAX_FILE_BYTES
from notifconf.errors import UsageError


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, with a workspace of two files and some others in it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "team"
    folder.mkdir()
    for name in ("b.yaml", "a.yml", ".hidden.yaml", "notes.txt", "yaml", "c.yaml.bak"):
        (folder / name).write_text(name)
    (folder / "nested.yaml").mkdir()
    (tmp_path / "one.yaml").write_text("one")
    return tmp_path


def names(paths, stdin=None):
    return [source.name for source in read_sources(paths, stdin)]


def test_a_folder_is_its_yaml_files(here):
    sources = read_sources(["team"])
    assert [(source.name, source.data) for source in sources] == [
        ("team/a.yml", b"a.yml"),
        ("team/b.yaml", b"b.yaml"),
    ]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["one.yaml"], ["one.yaml"]),
        (["./one.yaml"], ["./one.yaml"]),
        (["team/"], ["team/a.yml", "team/b.yaml"]),
        (["team/notes.txt"], ["team/notes.txt"]),
        (["team/.hidden.yaml"], ["team/.hidden.yaml"]),
        (["team", "one.yaml"], ["one.yaml", "team/a.yml", "team/b.yaml"]),
        (["one.yaml", "team"], ["one.yaml", "team/a.yml", "team/b.yaml"]),
        (["one.yaml", "one.yaml"], ["one.yaml"]),
        (["one.yaml", "./one.yaml"], ["one.yaml"]),
        (["team/b.yaml", "team"], ["team/a.yml", "team/b.yaml"]),
        (["team", "./team"], ["team/a.yml", "team/b.yaml"]),
        (["-"], ["-"]),
        (["one.yaml", "-", "-"], ["-", "one.yaml"]),
    ],
)
def test_paths(here, paths, expected):
    assert names(paths, BytesIO(b"x")) == expected


def test_no_path_means_the_default_file(here):
    (here / "notifconf.yaml").write_text("default")
    assert read_sources([]) == [("notifconf.yaml", b"default")]


def test_a_link_to_a_file_counts_once(here):
    (here / "team" / "z.yaml").symlink_to("b.yaml")
    assert names(["team"]) == ["team/a.yml", "team/b.yaml"]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], "there is no notifconf.yaml here: `notifconf init` writes one"),
        (["none.yaml"], "there is no file or folder none.yaml"),
        (["empty"], "the folder empty holds no *.yaml or *.yml file: `notifconf init empty` writes one"),
        (["outer"], 'holds no *.yaml or *.yml file: name what is in it: "outer/a.YAML", "outer/inner"'),
        (["dangling"], "dangling/a.yaml is a link to nowhere, which does not exist"),
        (["one.yaml/x"], "one.yaml/x can't be read: Not a directory"),
    ],
)
def test_what_is_not_there(here, paths, message):
    (here / "empty").mkdir()
    (here / "outer" / "inner").mkdir(parents=True)
    for name in ("a.YAML", "inner/b.yaml"):
        (here / "outer" / name).write_text("version: 1")
    (here / "dangling").mkdir()
    (here / "dangling" / "a.yaml").symlink_to("nowhere")
    with pytest.raises(UsageError) as caught:
        read_sources(paths)
    assert message in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("path", ["one.yaml", "team"])
def test_what_can_not_be_read(here, path):
    (here / path).chmod(0)
    with pytest.raises(UsageError, match="can't be read: Permission denied"):
        read_sources([path])
    (here / path).chmod(0o700)


def test_no_more_is_read_than_a_file_may_hold(here):
    (here / "one.yaml").write_bytes(b"#" * (MAX_FILE_BYTES + 1000))
    assert len(read_sources(["one.yaml"])[0].data) == MAX_FILE_BYTES + 1
    assert len(read_sources(["-"], BytesIO(b"#" * (MAX_FILE_BYTES + 1000)))[0].data) == MAX_FILE_BYTES + 1
