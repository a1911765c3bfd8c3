"""PostgreSQL: every fact."""
