"""Technology behind the ports: storage in memory and in SQL, the wire form, small built-ins."""
