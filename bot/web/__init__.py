"""Pages and calls; no SQL and no deciding here."""
