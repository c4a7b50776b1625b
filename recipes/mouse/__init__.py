"""Mouse: a mouse that runs on a wheel, seen from below and from the side in a mirror."""
