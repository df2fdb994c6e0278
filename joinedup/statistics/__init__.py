"""Pure functions on numbers: counts into rates and proportions with limits, over any number of groups at once."""
