"""Unpacks an artifact as starter.py does: unpack.py FOLDER ARTIFACT SHA256 prints the program's path, or the error."""

import importlib.util
import json
import sys

spec = importlib.util.spec_from_file_location("starter", "starter.py")
starter = importlib.util.module_from_spec(spec)
spec.loader.exec_module(starter)
folder, artifact, sha256 = sys.argv[1:]
try:
    result = {"program": starter.unpack_into(folder, artifact, {"sha256": sha256, "gzip": False})}
except Exception as error:
    result = {"error": "%s: %s" % (type(error).__name__, error)}
json.dump(result, sys.stdout)
