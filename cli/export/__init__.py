"""What `tally report` writes, and where it goes; what writes it is in projections/export."""
