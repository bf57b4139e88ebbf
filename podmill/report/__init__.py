"""What became of a batch: its status, its report, and the page that shows it. Only reads."""
