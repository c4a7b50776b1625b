"""What the data modules of all domains are made of: splits and how they are drawn, settings, samplers, tables.

The kit knows no domain; each domain stands on it.
"""
