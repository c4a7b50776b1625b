"""Weather: fields of many channels, generated or from NetCDF, with the storms in them as masks."""
