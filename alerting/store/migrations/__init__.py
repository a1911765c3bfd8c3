"""The schema's history, run by ``alerting.store.database.migrate``."""
