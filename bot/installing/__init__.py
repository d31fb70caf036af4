"""What an installation needs of Slack: the manifest, and a look at the real workspace."""
