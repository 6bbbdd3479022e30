"""A run of contracts written down: what was done, line by line, so that it can be told and walked through afterwards."""
