"""For tests of shops, storages and plugins: conformance suites, fakes, and a throw-away PostgreSQL."""
