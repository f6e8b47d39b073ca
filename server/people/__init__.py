"""Schools, accounts, roles, class groups and rosters, and the log of what was done to them."""
