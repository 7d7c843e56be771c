"""Commands of this site."""
