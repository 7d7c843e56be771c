"""Business processes over several modules."""
