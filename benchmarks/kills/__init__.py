"""Kills of verbs at random instants and in chosen phases, and what is asked of the store after each."""
