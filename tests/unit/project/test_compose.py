"""docker-compose.yml and Dockerfile, where no container engine is at hand: their form, their settings, their commands, their promises."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.health import Health
from streams.metrics import Meters
from streams.probes import answering
from streams.settings import WorkerSettings
from tests.unit.project.command_line import check_command, setting_names
from tests.unit.project.layout import ROOT
from web.access import is_loopback
from web.settings import WebSettings

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}


def validate(path: Path) -> subprocess.CompletedProcess[str]:
    """Judge a compose file by the JSON Schema of the compose specification."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_compose_file_is_what_the_specification_asks_for() -> None:
    verdict = validate(COMPOSE)
    assert (verdict.returncode, verdict.stdout.strip()) == (0, "ok -- validation done"), verdict.stdout + verdict.stderr


def test_the_specification_refuses_a_mistyped_key(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(COMPOSE.read_text(encoding="utf-8").replace("healthcheck:", "healthcheque:", 1), encoding="utf-8")
    verdict = validate(broken)
    assert verdict.returncode == 1
    assert "healthcheque" in verdict.stdout


@pytest.mark.parametrize("file", [COMPOSE, DOCKERFILE], ids=lambda path: path.name)
def test_every_setting_named_is_one_the_program_reads(file: Path) -> None:
    named = set(re.findall(r"\bTALLY_[A-Z0-9_]+", file.read_text(encoding="utf-8")))
    assert named - setting_names() == set()


def entrypoint() -> list[str]:
    found = re.findall(r"^ENTRYPOINT (\[.*\])$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(found) == 1
    words: list[str] = json.loads(found[0])
    return words


def commands() -> list[list[str]]:
    """Every command line of `tally`, in the compose file, its comments, and the Dockerfile."""
    run = [entrypoint() + service["command"] for service in OURS.values()]
    text = COMPOSE.read_text(encoding="utf-8") + DOCKERFILE.read_text(encoding="utf-8")
    shown = [["tally", *shlex.split(rest)] for rest in re.findall(r"(?:/bin/| [a-z0-9]+ |/0 )tally ((?:[a-z]+|--help)\b[^>\n]*)", text)]
    return run + shown


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_is_one_the_program_has(command: list[str]) -> None:
    assert command[0] == "tally"
    check_command(command[1:])


def test_a_command_that_the_program_does_not_have_is_noticed() -> None:
    with pytest.raises(ValueError, match="no command 'toppics'"):
        check_command(["toppics", "create"])
    with pytest.raises(ValueError, match="--partitons"):
        check_command(["topics", "create", "--partitons", "4"])


def test_global_options_may_stand_anywhere() -> None:
    check_command(["report", "--account", "acme", "analyze", "--log=sqlite:///log.db"])


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_service_that_stays_has_a_health_check_and_comes_back() -> None:
    staying = {name: service for name, service in SERVICES.items() if service["restart"] != "no"}
    assert {name: (service["restart"], "healthcheck" in service) for name, service in staying.items()} == dict.fromkeys(
        ["kafka", "redis", "worker", "web"], ("unless-stopped", True)
    )


def test_the_health_check_of_a_worker_asks_where_it_answers() -> None:
    worker = SERVICES["worker"]
    settings = WorkerSettings(
        metrics_host=worker["environment"]["TALLY_METRICS_HOST"], metrics_port=int(worker["environment"]["TALLY_METRICS_PORT"])
    )
    assert settings.metrics_host == "0.0.0.0", "Prometheus comes from another container"
    assert worker["expose"] == [str(settings.metrics_port)]
    *interpreter, probe = worker["healthcheck"]["test"]
    assert interpreter == ["CMD", "python", "-c"]
    assert probe.count(f":{settings.metrics_port}/healthz") == 1
    health = Health(30)
    with answering("127.0.0.1", 0, Meters().registry, healthz=health.alive) as port:
        ask = [sys.executable, "-c", probe.replace(str(settings.metrics_port), str(port))]
        assert subprocess.run(ask, check=False).returncode == 0
        health.failure = RuntimeError("stuck")
        assert subprocess.run(ask, stderr=subprocess.DEVNULL, check=False).returncode == 1


def test_a_worker_starts_after_the_topics_are_there() -> None:
    assert SERVICES["worker"]["depends_on"]["topics"] == {"condition": "service_completed_successfully"}
    assert SERVICES["topics"]["depends_on"]["kafka"] == {"condition": "service_healthy"}


def test_the_web_server_is_reached_from_this_machine_and_has_a_token_first() -> None:
    web, token = SERVICES["web"], SERVICES["token"]
    settings = WebSettings(web_host=web["environment"]["TALLY_WEB_HOST"], web_port=int(web["environment"]["TALLY_WEB_PORT"]))
    assert not is_loopback(settings.web_host), "what docker publishes comes from another address"
    assert web["ports"] == [f"127.0.0.1:{settings.web_port}:{settings.web_port}"]
    assert web["depends_on"]["token"] == {"condition": "service_completed_successfully"}
    assert (token["restart"], token["command"][:3]) == ("no", ["token", "create", "--if-none"])
    assert web["healthcheck"]["test"][-1].count(f"http://127.0.0.1:{settings.web_port}/readyz") == 1


def test_the_tokens_are_on_the_volume_which_belongs_to_the_program() -> None:
    dockerfile = DOCKERFILE.read_text(encoding="utf-8")
    (home,) = re.findall(r"^WORKDIR (/home/\S+)$", dockerfile, re.MULTILINE)
    kept = Path(home) / WebSettings().tokens
    assert {SERVICES[name]["volumes"][0] for name in ("token", "web")} == {f"tokens:{kept.parent}"}
    # A new volume has the owner of the folder that it is mounted over; one that the image lacks would belong to root.
    after = dockerfile.index(f"WORKDIR {home}")
    assert dockerfile.index("USER tally") < after < dockerfile.index(f"RUN mkdir --mode 700 {kept.parent.name}")


def test_redis_evicts_nothing_and_keeps_an_append_only_file() -> None:
    command = SERVICES["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert (options["--maxmemory-policy"], options["--appendonly"]) == ("noeviction", "yes")


def test_data_lies_on_named_volumes() -> None:
    declared = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["volumes"]
    mounted = {name: service["volumes"][0].split(":")[0] for name, service in SERVICES.items() if "volumes" in service}
    assert mounted == {"kafka": "kafka-data", "redis": "redis-data", "token": "tokens", "web": "tokens"}
    assert set(mounted.values()) == set(declared)


def test_kafka_advertises_an_address_to_each_side_that_it_listens_on() -> None:
    def listeners(setting: str) -> dict[str, str]:
        return dict(re.findall(r"(\w+)://([^,]+)", SERVICES["kafka"]["environment"][setting]))

    listens, advertises = listeners("KAFKA_LISTENERS"), listeners("KAFKA_ADVERTISED_LISTENERS")
    assert advertises == {"INSIDE": "kafka:19092", "OUTSIDE": "127.0.0.1:9092"}
    assert {name: address.split(":")[1] for name, address in advertises.items()} == {
        name: listens[name].split(":")[1] for name in ("INSIDE", "OUTSIDE")
    }
    assert {service["environment"]["TALLY_LOG"] for service in OURS.values()} == {"kafka://" + advertises["INSIDE"]}
    assert SERVICES["kafka"]["ports"] == ["127.0.0.1:9092:9092"]


def test_images_are_pinned_and_the_program_is_not_root() -> None:
    dockerfile = DOCKERFILE.read_text(encoding="utf-8")
    images = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) + [SERVICES[name]["image"] for name in ("kafka", "redis")]
    assert [image for image in images if not re.search(r":\d+\.\d+", image)] == []
    assert re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE) == ["tally"]


def test_the_image_is_built_only_from_files_that_are_sent_to_the_builder() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for line in copied for name in line.split()} == sent
    assert [name for name in sorted(sent) if not (ROOT / name).exists()] == []
