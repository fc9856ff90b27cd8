"""How fast webhooks reach those who answer, whatever becomes of those who do not."""
