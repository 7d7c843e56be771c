"""Headless commerce: pure domain modules, wired by you."""
