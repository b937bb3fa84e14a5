"""Bericht: results become what people read."""
