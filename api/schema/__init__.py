"""What goes over the wire: pydantic models of every body and query."""
