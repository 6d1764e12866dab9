"""What happens later: promises, calendar, digests. Pure."""
