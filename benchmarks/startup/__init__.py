"""How long programs take to start and nodes to be ready, and what memory they hold when idle."""
