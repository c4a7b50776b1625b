"""Records: what every answer leaves behind; a journal that survives a kill, and Parquet files that are quick to ask."""
