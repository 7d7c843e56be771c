"""The Django project: settings and routes."""
