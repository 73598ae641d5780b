"""Prompts and answers as messages of the conventions. One file an API."""
