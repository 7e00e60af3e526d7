"""What others have done that a person is to know of, also tomorrow."""
