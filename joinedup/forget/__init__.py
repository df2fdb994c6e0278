"""Forgetting: one person on request, everywhere that this store reaches; and whatever is kept beyond its time."""
