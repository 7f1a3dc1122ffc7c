"""HTTP: the reports, and what mailers tell."""
