"""Files and folders: read to their end, written whole, never anything of others replaced."""
