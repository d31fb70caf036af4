"""The real servers of a test run, for every test that asks for them."""

from tests.aws import aws, aws_server
from tests.station import airflow_server, mlflow_port, mlflow_server, station_workspace

__all__ = ["airflow_server", "aws", "aws_server", "mlflow_port", "mlflow_server", "station_workspace"]
