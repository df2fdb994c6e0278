"""What is spent: use and cost by area and point of delivery."""
