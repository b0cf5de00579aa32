"""What the commands do. `app/__main__.py` knows their arguments and exit codes, this knows their work and wording."""
