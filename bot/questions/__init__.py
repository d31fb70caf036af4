"""Tasks that wait for a person: asked in Slack, answered in Airflow."""
