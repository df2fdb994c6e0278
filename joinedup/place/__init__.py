"""A place folder: its partners, neighbourhoods, practices, areas and sources as frozen values, or findings with file and line."""
