"""What people look at: pages made on the server, which ask what programs ask."""

from web.pages.routes import add_pages

__all__ = ["add_pages"]
