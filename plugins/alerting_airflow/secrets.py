"""Airflow's connections as the place where credentials of feeds are kept."""

from __future__ import annotations


def find_connection(name: str) -> str | None:
    """Return what a connection gives to log in with: "login:password", or its password alone."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = Connection.get(name)
    except AirflowNotFoundException:
        return None
    if connection.login and connection.password:
        return f"{connection.login}:{connection.password}"
    return connection.password or None
