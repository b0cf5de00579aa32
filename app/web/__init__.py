"""The pages people look at: the landing page and the Swagger UI, from our own origin only."""
