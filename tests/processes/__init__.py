"""Processes, threads and event loops: forks, signals, exits. Each test runs a program of its own.

A program prints one line of JSON for each span that ends, so what a process that died has recorded is known.
"""
