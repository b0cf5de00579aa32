"""The plain REST routes, for people at a keyboard."""
