"""What changed for people: the events that measures count, the measures and their counts by area."""
