"""The bot's own process between the stand-in Slack, a real Airflow and a real MLflow server."""
