"""One module a command; the only place where every room below the scene meets."""
