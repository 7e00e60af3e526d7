"""`make faults`: parts of the running product are broken under load, and what it must stand is looked at."""
