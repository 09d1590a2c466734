"""The owner's desk: the commands by which the owner looks after the bot, in their private chat with it."""
