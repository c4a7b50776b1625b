"""The command line `zoo …`, and what is done to a finished run. Nobody imports tools."""
