"""NumPy as a peer of bench/engine: matrix products by the BLAS that it was built with."""

import numpy as np

import serve
from serve import Skip, noise, some


def prepare(work, _):
    if work["kind"] != "gemm" or work["dtype"] != "float32":
        raise Skip("NumPy multiplies float32 matrices only")
    m, n, k, count = [*work["shape"], 1][:4]
    batch = (count,) if count > 1 else ()
    trans = work.get("trans", "nn")
    a = noise("a", (*batch, *((m, k) if trans[0] == "n" else (k, m))))
    b = noise("b", (*batch, *((k, n) if trans[1] == "n" else (n, k))))
    a, b = a.mT if trans[0] == "t" else a, b.mT if trans[1] == "t" else b
    out = np.empty((*batch, m, n), np.float32)

    def run(n):
        for _ in range(n):
            np.matmul(a, b, out=out)

    run(1)
    return run, some(out)


serve.serve(prepare)
