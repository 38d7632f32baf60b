"""Starts Ember in an ordinary Python worker of Spark.

The command of an Ember task unpickles to start(message, settings). It gives the
pair that pyspark's worker expects: a function, and the type of what it returns.
The function starts the Ember binary, which came as an artifact of the session,
and talks to it by pipes:

  stdin    a length and a JSON object: the message and the task's context; then
           the input as an Arrow stream
  stdout   the output as an Arrow stream
  stderr   the worker's log: copied to the executor's, its end kept for errors
  control  two pipes, lines of JSON: {"op": "allGather", "message": …} or
           {"op": "barrier"}, and the answer {"messages": […]} or {"error": …}.
           Their end tells the worker that this process is gone.

It runs on Python 3.8 and later, needs pyarrow only for functions in Arrow, and
puts the message, which may hold secrets, into no exception.
"""

import collections
import fcntl
import gzip
import hashlib
import json
import os
import platform
import resource
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import threading

LOG_LINES = 20
ADDRESS_SPACE = 1 << 30  # bytes that a Go program needs, most of them never used
END_SECONDS = 30  # for a worker to end after its last output


def start(message, settings):
    from pyspark.sql.types import _parse_datatype_json_string as parse

    settings = json.loads(settings)

    def ember_map(batches):
        if not settings["binary"]:  # asks only whether a task can be started
            collections.deque(batches, maxlen=0)
            return
        import pyarrow

        with Worker(message, settings) as worker:
            worker.feed(batches, pyarrow)
            if worker.output.peek(1):
                try:
                    for batch in pyarrow.ipc.open_stream(worker.output):
                        yield batch
                except (pyarrow.ArrowException, OSError):
                    worker.finish()  # says more than a broken stream
                    raise
            worker.finish()

    def ember_call(*row):
        with Worker(message, settings) as worker:
            worker.feed((), None)
            output = worker.output.read()
            worker.finish()
            return output

    function = ember_call if settings["kind"] == 100 else ember_map
    return function, parse(settings["schema"])


class Worker:
    """One Ember process, for one task."""

    def __init__(self, message, settings):
        check_platform(settings)
        check_address_space()
        program = unpack(settings)
        requests, child_requests = os.pipe()
        child_answers, answers = os.pipe()
        secret = "PYTHON_WORKER_FACTORY"
        self.process = subprocess.Popen(
            [program, "-m", "ember.worker", str(child_answers), str(child_requests)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(child_answers, child_requests),
            env={k: v for k, v in os.environ.items() if not k.startswith(secret)},
            start_new_session=True,
        )
        os.close(child_answers)
        os.close(child_requests)
        self.output = self.process.stdout
        self.log = collections.deque(maxlen=LOG_LINES)
        self.crash = None  # what Go prints when it crashes
        self.failure = None  # of the thread that feeds
        self.threads = []
        self.hello = json.dumps({"message": json.loads(message), "context": context()}).encode()
        self.run(self.copy_log)
        self.run(self.control, os.fdopen(requests, "r"), os.fdopen(answers, "w"))

    def run(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        thread.start()
        self.threads.append(thread)
        return thread

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except OSError:
            pass  # it has ended
        self.process.wait()

    def feed(self, batches, pyarrow):
        self.feeder = self.run(self.write_input, batches, pyarrow)

    def write_input(self, batches, pyarrow):
        stream = None
        pipe = self.process.stdin
        try:
            try:
                pipe.write(struct.pack(">i", len(self.hello)) + self.hello)
                pipe.flush()
                for batch in batches:
                    if stream is None:
                        stream = pyarrow.ipc.new_stream(pipe, batch.schema)
                    stream.write_batch(batch)
                if stream is not None:
                    stream.close()
                pipe.close()
            except BrokenPipeError:  # finish says how the worker ended
                for _ in batches:  # Spark wants its rows read to the end
                    pass
        except BaseException as error:
            self.failure = error
            self.process.kill()

    def copy_log(self):
        for line in self.process.stderr:
            os.write(2, line)
            if line.startswith((b"panic: ", b"fatal error: ")):
                self.crash = []
            # Of a crash the first lines count, of a log the last.
            if self.crash is None:
                self.log.append(line.decode("utf-8", "replace").rstrip())
            elif len(self.crash) < LOG_LINES:
                self.crash.append(line.decode("utf-8", "replace").rstrip())

    def control(self, requests, answers):
        try:
            with requests, answers:
                for line in requests:
                    json.dump(meet(json.loads(line)), answers)
                    answers.write("\n")
                    answers.flush()
        except BrokenPipeError:
            pass  # the worker has ended; its exit code says how

    def finish(self):
        """Waits for the worker's end, and raises an error unless it is a good one."""
        try:
            code = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            raise RuntimeError(self.say("did not end after its output")) from None
        self.feeder.join()
        self.threads[0].join(END_SECONDS)  # the log
        if self.failure is not None:
            raise self.failure
        if code < 0:
            raise RuntimeError(self.say("was killed by signal %d" % -code))
        if code > 0:
            raise RuntimeError(self.say("ended with exit code %d" % code))

    def say(self, what):
        return "ember worker on %s %s; its last log lines:\n%s" % (
            socket.gethostname(), what, "\n".join([*self.log, *(self.crash or [])]))


def context():
    """The context of the task, as worker.Context in Go."""
    import pyspark
    from pyspark import BarrierTaskContext, SparkFiles, TaskContext

    task = TaskContext.get()
    barrier = isinstance(task, BarrierTaskContext)
    return {
        "stage": task.stageId(),
        "partition": task.partitionId(),
        "attempt": task.attemptNumber(),
        "taskAttemptId": task.taskAttemptId(),
        "cpus": task.cpus(),
        "barrier": barrier,
        "addresses": [info.address for info in task.getTaskInfos()] if barrier else [],
        "properties": task._localProperties,
        "filesDir": SparkFiles.getRootDirectory(),
        "spark": pyspark.__version__,
    }


def meet(request):
    from pyspark import BarrierTaskContext

    try:
        task = BarrierTaskContext.get()
        if request["op"] == "allGather":
            return {"messages": task.allGather(request["message"])}
        task.barrier()
        return {"messages": []}
    except Exception as error:
        return {"error": str(error) or type(error).__name__}


def check_platform(settings):
    """Who sent the program may only have supposed what executors are, and learns better from this error."""
    machine = platform.machine()
    here = "%s/%s" % (platform.system().lower(), {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine))
    if settings["platform"] not in ("", here):
        raise RuntimeError("ember: the program is for %s, and the executor on %s is %s" % (
            settings["platform"], socket.gethostname(), here))


def check_address_space():
    """Spark turns spark.executor.pyspark.memory into a limit that children inherit."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[1]
    if limit != resource.RLIM_INFINITY and limit < ADDRESS_SPACE:
        raise RuntimeError(
            "ember: spark.executor.pyspark.memory leaves %d MB of address space to a worker on %s, which needs %d MB: "
            "raise it, or leave it out and raise spark.executor.memoryOverhead"
            % (limit >> 20, socket.gethostname(), ADDRESS_SPACE >> 20))


def unpack(settings):
    """Finds the binary among the artifacts and unpacks it once per executor."""
    from pyspark import SparkFiles

    folders = [SparkFiles.getRootDirectory(), os.getcwd()]
    artifact = next((f for f in (os.path.join(d, settings["binary"]) for d in folders) if os.path.isfile(f)), None)
    if artifact is None:
        raise RuntimeError("ember: no artifact %r on %s in %s" % (
            settings["binary"], socket.gethostname(), " or ".join(folders)))
    problem = None
    for folder in folders:
        try:
            return unpack_into(folder, artifact, settings)
        except OSError as error:
            problem = error  # read-only or full
    raise RuntimeError("ember: the binary cannot be unpacked on %s: %s" % (socket.gethostname(), problem))


def unpack_into(folder, artifact, settings):
    program = os.path.join(folder, ".ember-" + settings["sha256"])
    # A folder may be open to other users, who know the names.
    with os.fdopen(os.open(program + ".lock", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if own(program):
            return program
        digest = hashlib.sha256()
        source = gzip.open(artifact) if settings["gzip"] else open(artifact, "rb")
        handle, path = tempfile.mkstemp(prefix=".ember-", dir=folder)
        try:
            with source, os.fdopen(handle, "wb") as target:
                for block in iter(lambda: source.read(1 << 20), b""):
                    digest.update(block)
                    target.write(block)
            if digest.hexdigest() != settings["sha256"]:
                raise RuntimeError("ember: the artifact %s on %s is not the one that was sent: SHA-256 %s, not %s" % (
                    artifact, socket.gethostname(), digest.hexdigest(), settings["sha256"]))
            os.chmod(path, 0o700)
            if not os.access(path, os.X_OK):
                raise PermissionError("%s is mounted noexec" % folder)
            os.replace(path, program)
        except BaseException:
            os.unlink(path)
            raise
        return program


def own(program):
    """Tells whether this user, and nobody else, could have put the program there."""
    try:
        found = os.lstat(program)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
