"""One long recording by one worker, and by two."""
