"""Websockets, which go past the SDK's `request()`. docs/websockets.md says what is traced there."""
