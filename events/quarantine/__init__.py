"""The topic `quarantine`: what could not be used, and what became of it."""
