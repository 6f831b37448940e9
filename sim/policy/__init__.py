"""Policy: what a scenario changes. Budgets, levers and roll-out turn money into capacities and rates of others."""
