"""Tests that run in Airflow's environment: `make test` does so."""
