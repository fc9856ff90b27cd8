"""What limits and caps cost: many sign-ins at once, and submissions with and without a cap."""
