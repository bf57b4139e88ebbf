"""What things cost, and who pays: prices, quotes, the ledger."""
