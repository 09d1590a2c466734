"""Jobs: what they are, where they are kept, whose turn it is, and who hands them to the engine."""
