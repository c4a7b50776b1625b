"""Speech: recordings read to one rate, changed as other voices, rooms and microphones would, padded to batches."""
