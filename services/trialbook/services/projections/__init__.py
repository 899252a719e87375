"""Read models and operational tables: the SQL behind the ports."""
