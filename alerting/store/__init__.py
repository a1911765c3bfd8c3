"""PostgreSQL: tables, one module of plain functions for each, migrations."""
