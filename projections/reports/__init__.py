"""Reports: `REPORTS` lists what can be asked of the tables, `ask` checks a question, which then answers itself, `report` does both."""

from projections.reports.errors import NotFound, ParameterError
from projections.reports.parameters import Parameter
from projections.reports.registry import REPORTS, Question, Report, ask, report

__all__ = ["REPORTS", "NotFound", "Parameter", "ParameterError", "Question", "Report", "ask", "report"]
