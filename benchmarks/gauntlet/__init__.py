"""The gauntlet: broken inputs and faults, each with the finding, error or recovery that joinedup must answer with, against one build."""
