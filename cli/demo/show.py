"""The demo as people see it: progress, then the reports, then the company live."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final, NoReturn

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from cli.clock import now
from cli.console import stderr, stdout
from cli.demo.dashboard import show_in_browser
from cli.demo.ending import Ending
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


@dataclass(frozen=True, slots=True)
class Show:
    """What is to be shown. `rate`: live events a second after the history; None ends with the history, and shows no dashboard.

    `port`: where the dashboard is to be found, unless it is taken; `browse`: show it in the browser.
    """

    settings: RedisSettings
    port: int
    browse: bool
    folder: Path
    kafka: bool
    keep: bool
    contacts: int
    seed: int
    rate: float | None

    def run(self) -> None:
        """Show it, until its end or until Ctrl-C. Raises `Failure`, `WrongCall` and what log and store raise."""
        console, notes, ending = stdout(), stderr(), Ending()
        with ending.heeded(), demo_folder(self.folder, keep=self.keep) as folder:
            kept = any(entry.is_dir() for entry in folder.iterdir())
            parts = f"{'Apache Kafka' if self.kafka else 'the log'}, Redis{'' if self.rate is None else ', a web server'} and a worker"
            notes.print(f"Starting {parts} in {folder}", soft_wrap=True)
            port = None if self.rate is None else self.port
            with open_stage(folder, self.settings, ending, kafka=self.kafka, port=port) as stage, ending.then_deaf():
                from cli.demo.company import EVENTS_PER_CONTACT, Company  # which takes a while, and the web server is starting

                self._show_dashboard(stage)
                begin = now()
                company = Company(self.seed, self.contacts, until=begin, account=stage.account, mark=f"{begin:x}-" if kept else "")
                notes.print(f"Half a year of a company that writes to {self.contacts:,} people")
                stage.publish(company.history(), self.contacts * EVENTS_PER_CONTACT)
                stage.catch_up()
                for name, subject in (("analyze", None), ("sequences", None), ("performance", _FEATURED), ("steps", _FEATURED)):
                    console.print(stage.draw(name, subject))
                if self.rate is not None:
                    self._go_on(stage, Flow(company.live(), self.rate))

    def _show_dashboard(self, stage: Stage) -> None:
        """Before anything else, so that the numbers can be seen coming."""
        if stage.dashboard is None:
            return
        stage.dashboard.wait()
        if (address := stage.dashboard.address) is None:
            stderr().print(f"There is no dashboard: {stage.dashboard.last_words()}", soft_wrap=True)
            return
        stdout().print(f"Dashboard: {address}", style="bold", soft_wrap=True)
        if self.browse and not show_in_browser(address):
            stderr().print("There is no browser here to open it in.")

    def _go_on(self, stage: Stage, flow: Flow[dict[str, Any]]) -> NoReturn:
        console = stdout()
        console.print("Going on live; Ctrl-C ends the demo.")
        if stage.dashboard is not None and stage.dashboard.address is not None:
            console.print(f"Dashboard: {stage.dashboard.address}", style="bold", soft_wrap=True)
        watched = console.is_terminal
        refresh = _REFRESH if watched else _REFRESH_ON_PAPER
        screen = Live(console=console, screen=True, auto_refresh=False) if watched else nullcontext()
        drawn = monotonic()
        with screen as live:
            while True:
                stage.tell(flow.due())
                if monotonic() - drawn >= refresh:
                    drawn = monotonic()
                    stage.check()
                    stage.publisher.flush(_ANSWER)
                    line = self._line(stage, flow)
                    if live is None:
                        console.print(line)
                    else:
                        live.update(Group(line, stage.draw("sequences"), stage.draw("analyze")), refresh=True)
                sleep(_TICK)

    def _line(self, stage: Stage, flow: Flow[dict[str, Any]]) -> RenderableType:
        found = stage.overview()
        address = None if stage.dashboard is None else stage.dashboard.address
        return Text(
            f"live: {flow.taken:,} events published at {self.rate:g}/s · {found.applied:,} applied, {found.lag:,} behind"
            f"{'' if address is None else f' · {address}'} · Ctrl-C ends",
            style="bold green",
        )
