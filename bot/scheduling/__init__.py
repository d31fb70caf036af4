"""Periodic retraining: schedules that live in Airflow, made and kept from Slack."""
