"""SQLModel tables, and the documents that flow between the steps."""
