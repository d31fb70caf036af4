"""A run's acceptance: checked, priced, reserved, agreed to; and what it did cost."""
