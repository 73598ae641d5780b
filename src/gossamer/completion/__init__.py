"""The completion hooks of the OpenTelemetry GenAI packages: found, called, given the objects they know."""
