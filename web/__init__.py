"""HTTP: the reports, live numbers, what mailers tell, actions, and the pages of the dashboard."""
