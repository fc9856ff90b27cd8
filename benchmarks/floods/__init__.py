"""What customers are answered while somebody floods the service."""
