"""Management of this site."""
