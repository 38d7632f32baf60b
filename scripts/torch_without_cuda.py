"""Lets torch's Linux wheel be imported where its CUDA libraries are not installed.

The only torch wheel of the package index for Linux on x86-64 is built for CUDA.
The libraries it links are 5 GB more, and none of their code ever runs without
a GPU; but the dynamic linker wants them. This script puts a stand-in for each
beside torch's own libraries: every function that torch imports answers 100,
which is cudaErrorNoDevice, so that torch finds no device and computes on the
CPU. It needs cc and readelf; scripts/venv.sh runs it.
"""

import collections
import itertools
import pathlib
import re
import subprocess
import sysconfig
import tempfile

NO_DEVICE = 100
CUDA_LIBRARY = re.compile(r"lib(cu|nccl|nvrtc|nvJitLink|nvshmem_host)\S*\.so\.\d+$")

# Functions of libraries without symbol versions, by prefix of their name.
UNVERSIONED = {"nccl": "libnccl.so.2", "cusparseLt": "libcusparseLt.so.0", "cuFile": "libcufile.so.0"}

LIBRARIES = pathlib.Path(sysconfig.get_path("purelib")) / "torch" / "lib"


def readelf(option, library):
    return subprocess.run(["readelf", "-W", option, library], check=True, capture_output=True, text=True).stdout


def imports():
    """Returns the CUDA libraries that torch's own name, each with the functions wanted of it as (version, name)."""
    wanted = collections.defaultdict(set)
    for library in sorted(LIBRARIES.glob("*.so")):
        for name in re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d", library)):
            if CUDA_LIBRARY.match(name):
                wanted[name] = wanted[name]
        origin = versions(library)
        for symbol in re.findall(r" UND (\S+)", readelf("--dyn-syms", library)):
            function, _, version = symbol.partition("@")
            if version in origin:
                wanted[origin[version]].add((version, function))
            for prefix, name in UNVERSIONED.items():
                if not version and function.startswith(prefix):
                    wanted[name].add(("", function))
    return wanted


def versions(library):
    """Returns which CUDA library defines each symbol version that a library needs."""
    origin, name = {}, ""
    for file, version in re.findall(r"File: (\S+)|Name: (\S+)", readelf("-V", library)):
        name = file or name
        if version and CUDA_LIBRARY.match(name):
            origin[version] = name
    return origin


def build(name, functions, scratch):
    """Links a library of that name in which all functions are one: return NO_DEVICE, or an empty text."""
    assembly = [
        ".text",
        f"fail: mov ${NO_DEVICE}, %eax",
        "ret",
        "text: lea empty(%rip), %rax",
        "ret",
        "empty: .byte 0",
        '.section .note.GNU-stack,"",@progbits',
    ]
    for _, function in sorted(functions):
        body = "text" if re.search(r"String|ErrorName", function) else "fail"
        assembly += [f".globl {function}", f".type {function}, @function", f".set {function}, {body}"]
    source, script = scratch / "stub.s", scratch / "stub.map"
    source.write_text("\n".join(assembly) + "\n")
    groups = itertools.groupby(sorted(functions), key=lambda f: f[0])
    script.write_text("".join(f"{v} {{ {''.join(f + '; ' for _, f in fs)}}};\n" for v, fs in groups) or "{ *; };\n")
    command = ["cc", "-shared", "-nostdlib", f"-Wl,-soname,{name}", f"-Wl,--version-script,{script}"]
    subprocess.run([*command, "-o", LIBRARIES / name, source], check=True)


def main():
    with tempfile.TemporaryDirectory() as scratch:
        for name, functions in imports().items():
            build(name, functions, pathlib.Path(scratch))


main()
