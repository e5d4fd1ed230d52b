"""Symbols and integer frequencies <-> bytes."""
