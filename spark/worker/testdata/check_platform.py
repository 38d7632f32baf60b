"""Checks a program's platform as the starter does, and prints the error."""

import json
import pathlib
import sys

scope = {}
exec(pathlib.Path(__file__).parent.parent.joinpath("starter.py").read_text(), scope)
error = ""
try:
    scope["check_platform"]({"platform": sys.argv[1]})
except RuntimeError as e:
    error = str(e)
print(json.dumps({"error": error}))
