"""The real servers of a test run, for every test that asks for them."""

from tests.databases import database, empty_database, empty_postgresql, postgres_server, postgresql
from tests.station import airflow_server, mlflow_port, mlflow_server, station_workspace

__all__ = [
    "airflow_server",
    "database",
    "empty_database",
    "empty_postgresql",
    "mlflow_port",
    "mlflow_server",
    "postgres_server",
    "postgresql",
    "station_workspace",
]
