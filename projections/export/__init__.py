"""The answers of reports as files: JSON, and their records as lines of CSV, of JSON, or of Parquet."""
