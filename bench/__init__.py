"""The benchmark: the product against a bare WSGI application with the same SQL, in one run."""
