"""Pages: an overview of a place, a page for each neighbourhood, and what stands behind their numbers."""
