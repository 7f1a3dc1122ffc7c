"""Reports: what can be asked of the tables. `report` answers, `REPORTS` lists them."""

from projections.reports.errors import NotFound, ParameterError
from projections.reports.parameters import Parameter
from projections.reports.registry import REPORTS, Report, report

__all__ = ["REPORTS", "NotFound", "Parameter", "ParameterError", "Report", "report"]
