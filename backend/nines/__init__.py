"""Nines: real machines to practise high availability on."""
