"""Many nodes under kills, and a verdict; see scripts/soak."""
