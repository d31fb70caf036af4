"""The whole bot against the stand-in Slack, with Airflow and MLflow in memory."""
