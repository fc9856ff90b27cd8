"""How long `GET /usage` takes in a month with many records."""
