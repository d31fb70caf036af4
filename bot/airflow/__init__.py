"""The parts of the Airflow adapter, from the wire up: sdk, answer, session, endpoints, reading; and log, versions."""
