"""People who use the product: users, teams, roles, sign-in."""
