"""A DAG's parameters: their schemas, their values, and the words for both."""
