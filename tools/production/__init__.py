"""A model in use: one folder is one site, and each command works on it alone, without a server and without an account."""
