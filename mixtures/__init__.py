"""How sources are mixed: Table 1, quotas and epochs, and which sequence comes from where. Arrow and numpy alone; it imports no other room."""
