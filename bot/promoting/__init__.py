"""Promotions: the evidence that an approval is bound to, the gates it passes, and who may decide."""
