"""Training: one plain step function per family, one loop that runs any of them."""
