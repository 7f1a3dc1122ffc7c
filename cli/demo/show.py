"""The demo as people see it: progress, then the reports, then the company live."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from types import FrameType
from typing import Any, Final, NoReturn

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from cli.clock import now
from cli.console import stderr, stdout
from cli.demo.company import EVENTS_PER_CONTACT, Company
from cli.demo.folder import demo_folder
from cli.demo.live import Flow
from cli.demo.stage import Stage, open_stage
from projections.settings import RedisSettings

_FEATURED: Final = "spring-outreach"
_TICK: Final = 0.1
_REFRESH: Final = 1.0
_ANSWER: Final = 30.0
"""Seconds in which the log has to acknowledge what is published live."""
_REFRESH_ON_PAPER: Final = 10.0
"""Seconds between two lines where nobody watches a screen."""
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Show:
    """What is to be shown. `rate`: live events a second after the history; None ends with the history."""

    settings: RedisSettings
    folder: Path
    kafka: bool
    keep: bool
    contacts: int
    seed: int
    rate: float | None

    def run(self) -> None:
        """Show it, until its end or until Ctrl-C. Raises `Failure`, `WrongCall` and what log and store raise."""
        console, notes = stdout(), stderr()
        with _orderly_end(), demo_folder(self.folder, keep=self.keep) as folder:
            kept = any(entry.is_dir() for entry in folder.iterdir())
            notes.print(f"Starting {'Apache Kafka' if self.kafka else 'the log'}, Redis and a worker in {folder}", soft_wrap=True)
            with open_stage(folder, self.settings, kafka=self.kafka) as stage, _then_deaf():
                begin = now()
                company = Company(self.seed, self.contacts, until=begin, account=stage.account, mark=f"{begin:x}-" if kept else "")
                notes.print(f"Half a year of a company that writes to {self.contacts:,} people")
                stage.publish(company.history(), self.contacts * EVENTS_PER_CONTACT)
                stage.catch_up()
                for name, subject in (("analyze", None), ("sequences", None), ("performance", _FEATURED), ("steps", _FEATURED)):
                    console.print(stage.draw(name, subject))
                if self.rate is not None:
                    self._go_on(stage, Flow(company.live(), self.rate))

    def _go_on(self, stage: Stage, flow: Flow[dict[str, Any]]) -> NoReturn:
        console = stdout()
        console.print("Going on live; Ctrl-C ends the demo.")
        watched = console.is_terminal
        refresh = _REFRESH if watched else _REFRESH_ON_PAPER
        screen = Live(console=console, screen=True, auto_refresh=False) if watched else nullcontext()
        drawn = monotonic()
        with screen as live:
            while True:
                for event in flow.due():
                    stage.publisher.publish(event)
                if monotonic() - drawn >= refresh:
                    drawn = monotonic()
                    stage.worker.check()
                    stage.publisher.flush(_ANSWER)
                    line = self._line(stage, flow)
                    if live is None:
                        console.print(line)
                    else:
                        live.update(Group(line, stage.draw("sequences"), stage.draw("analyze")), refresh=True)
                sleep(_TICK)

    def _line(self, stage: Stage, flow: Flow[dict[str, Any]]) -> RenderableType:
        found = stage.standing()
        return Text(
            f"live: {flow.taken:,} events published at {self.rate:g}/s · {found.applied:,} applied, {found.lag:,} behind · Ctrl-C ends",
            style="bold green",
        )


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the demo as Ctrl-C does, once; after that no signal disturbs the cleaning up within this block."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        _ignore_signals()
        raise KeyboardInterrupt

    # Whoever started us by nohup wants SIGHUP to stay ignored.
    handlers = {number: signal.getsignal(number) for number in _ENDING}
    before = {number: handler for number, handler in handlers.items() if number != signal.SIGHUP or handler != signal.SIG_IGN}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _then_deaf() -> Iterator[None]:
    """After this block comes the cleaning up, whatever ended it."""
    try:
        yield
    finally:
        _ignore_signals()


def _ignore_signals() -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
