"""What is fast on this machine, measured."""
