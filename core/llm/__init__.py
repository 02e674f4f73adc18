"""What is known about models: capabilities, prices, tokens, prompts, and the lines of a batch file."""
