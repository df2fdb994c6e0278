"""A folder of tables that leaves in one release: its files, what describes them, and notebooks that begin where they end.

Rows come from the records door, counts from the aggregates door; here they are only written. docs/how-to/hand-off.md.
"""
