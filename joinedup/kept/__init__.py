"""What is kept for good: the registers, and the keys that they are closed with."""
