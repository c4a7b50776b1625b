"""Wells: logs along boreholes, a label for every row of depth."""
