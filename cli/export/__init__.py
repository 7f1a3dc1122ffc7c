"""Reports as files: JSON, and the records of a report as lines of CSV, of JSON, or of Parquet."""
