"""Machines and servers: series that are watched for what is unusual."""
