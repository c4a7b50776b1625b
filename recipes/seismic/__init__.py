"""Seismic sections: generated ones, with the faults and the salt that they were made with."""
