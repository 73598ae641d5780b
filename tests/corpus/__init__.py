"""Recorded exchanges: what the app sees is as without us, and what is told of them is what they say."""
