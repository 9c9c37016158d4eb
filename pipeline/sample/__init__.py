"""The embedded sample: a small invented crawl and encyclopaedia as plain text, written for Cria, on hosts under `.example`."""
