"""Import: files of other systems become rows, columns and values; what they mean is decided without a database."""
