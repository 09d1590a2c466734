"""Pictures to choose from: famous paintings in the owner's folder, samples of what a choice looks like."""
