"""Extracts: a contract for each kind, and landing: bytes read, typed, checked and accounted for, row by row."""
