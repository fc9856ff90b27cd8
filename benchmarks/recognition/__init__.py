"""scripts/bench recognition: how fast and how well whole files become transcripts, by contender."""
