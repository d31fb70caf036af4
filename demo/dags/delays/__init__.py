"""The demo's model: which of New York's flights of 2013 will leave more than 30 minutes late.

`train_delays.py`, one folder up, is the DAG; the modules here know nothing of Airflow:

- `source`: the published flights and weather;
- `features`: what was known about a flight some hours before it left;
- `checks`: what must hold of that table before anything is trained on it;
- `training`: the model;
- `evaluation`: its metrics on the holdout, and the gates they must pass;
- `tracking`: the MLflow run, and the model's versions in the registry.
"""
