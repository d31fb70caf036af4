"""The station: every server of the demo as a child process, in one folder, with a certain end."""
