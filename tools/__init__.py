"""What developers of joinedup run: set-up, checks of tables, the reference, pictures."""
