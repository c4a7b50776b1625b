"""Genomics: DNA as sequences of letters, changed as strands and cuts change it."""
