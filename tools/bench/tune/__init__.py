"""`zoo tune`: settings of this machine that are faster for a model than the usual ones, measured and kept."""
