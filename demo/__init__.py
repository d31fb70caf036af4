"""The whole station on one machine: a stand-in Slack, a real Airflow, a real MLflow, and a model to train."""
