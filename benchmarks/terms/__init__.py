"""Key terms: how many are found, how many are invented, what happens to the other words, and what it costs."""
