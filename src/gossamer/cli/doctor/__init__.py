"""`gossamer doctor`: what is installed here, what applies, what comes out, and what to do about it.

Each question has a file: which distributions are here (`installed.py`), can they work together
(`packages.py`), does another one trace openai, too (`others.py`), does what is recorded get out
(`exporters.py`), which settings apply (`configuration.py`), and what does a call leave (`trial.py`, in a
process of its own). Each answers with findings (`findings.py`); `examination.py` asks them all, `report.py`
prints what they said, and `masking.py` keeps secrets out of it.
"""
