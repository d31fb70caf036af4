"""Periodic retraining: when, what, and how it becomes a DAG in Airflow."""
