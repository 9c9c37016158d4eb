"""The embedded samples: each source's own texts, written for Cria, packed into the formats of the real dumps when they run."""
