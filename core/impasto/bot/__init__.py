"""The Telegram side: updates in, dialogue, messages out. Knows effects by their description alone."""
