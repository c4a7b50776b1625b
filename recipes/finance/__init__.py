"""Finance: daily prices, split in time only; and the weather of a town, as a series that has seasons."""
