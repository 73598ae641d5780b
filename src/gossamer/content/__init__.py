"""What is recorded of prompts and answers: plain values and their JSON texts, redacted, within limits.

A `Content` reads one call. It has a `Section` for each attribute, which copies the parts that the readers of
`messages/` hand out (`copies`, `plain`, `arguments`), makes them valid (`schemas`), shows them to the app's
hook (`redaction`) and cuts them (`limits`), as the settings say (`policy`).
"""
