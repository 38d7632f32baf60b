"""Prints what ONNX says of its operators at an opset, as JSON.

    python schemas.py OPSET

{operator: {"since": version, "form": version, "attributes": {name: {"required": bool, "default": text or null}}}}

The form of an operator, its inputs and attributes, may be older than its last
version, which may have brought only more element types.
"""

import json
import sys

from onnx import defs, helper


def text(attribute):
    if attribute.default_value.type == 0:
        return None
    value = helper.get_attribute_value(attribute.default_value)
    if isinstance(value, bytes):
        return value.decode()
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def form(schema):
    """What a reader of files must know; more element types are no new form."""
    return sorted(schema.attributes), [v.name for v in schema.inputs], [v.name for v in schema.outputs]


def form_since(schema):
    since = schema.since_version
    while since > 1:
        try:
            older = defs.get_schema(schema.name, since - 1, "")
        except defs.SchemaError:
            break
        if form(older) != form(schema):
            break
        since = older.since_version
    return since


schemas = {}
for name in sorted({s.name for s in defs.get_all_schemas() if s.domain == ""}):
    try:
        schema = defs.get_schema(name, int(sys.argv[1]), "")
    except defs.SchemaError:  # came with a later opset
        continue
    schemas[name] = {
        "since": schema.since_version,
        "form": form_since(schema),
        "attributes": {
            key: {"required": a.required, "default": text(a)} for key, a in schema.attributes.items()
        },
    }
print(json.dumps(schemas))
