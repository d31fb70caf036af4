"""Stationmaster: the Slack bot through which anyone on a team trains anyone's model."""
