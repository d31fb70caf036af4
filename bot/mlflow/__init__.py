"""The registry adapter's parts: talking to MLflow, reading what it says, digesting a model's files."""
