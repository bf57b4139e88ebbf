"""What a step run took of the machine: columns of its row."""

from sqlmodel import SQLModel


class Used(SQLModel):
    """Over all attempts that were recorded."""

    busy_s: float = 0.0
    """Working time."""
    cpu_s: float | None = None
    """Processor time. None: recorded before it was measured."""
    peak_mb: float | None = None
    """Most memory that its worker process, or a program it ran, ever had until then."""
