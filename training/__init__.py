"""Fitting the models of triage, and measuring them. Not installed, not needed to run the program."""
