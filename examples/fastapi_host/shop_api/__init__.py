"""A shop behind FastAPI: the host owns routes and shapes, `commerce` owns the rules."""
