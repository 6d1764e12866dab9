"""The running process: in, out, wiring."""
