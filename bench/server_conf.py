"""Nothing is set here: product and baseline are served alike, by the command line of the benchmark alone."""
