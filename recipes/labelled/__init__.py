"""Labelled images: what data modules of classification share, whatever the domain."""
