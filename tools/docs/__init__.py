"""Documentation that is generated: the reference of the command line and of the configuration."""
