"""Translation: pairs of texts of your own, in a table or in two files line by line; and generated ones with a known grammar."""
