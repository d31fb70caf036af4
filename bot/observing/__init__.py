"""What can be seen of a running bot: its health, its metrics, its traces."""
