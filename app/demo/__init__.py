"""A believable company with invented customers, to look at the product with: `flask demo`."""
