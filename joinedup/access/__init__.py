"""The doors out of a build."""
