"""A kernel in this very process: all of ipykernel but its sockets, with nbclient in charge as ever.

Nothing is started, bound or shaken hands on, and no message waits for a poll: that is where the time of a kernel goes.
What a cell's outputs are is judged by the same code as with a kernel of its own process, so the bytes are the same. One
thing differs: while no cell runs, nothing that a cell left to asyncio goes on.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import zmq
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core.pylabtools import activate_matplotlib
from jupyter_client.manager import KernelManager
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from traitlets import Any as AnyTrait
from traitlets import DottedObjectName

KEY = b"leadlib"  # nobody else hears what is said, but Jupyter warns where nothing is signed
BACKEND = "module://matplotlib_inline.backend_inline"
ARGUMENTS = ("--HistoryManager.enabled=False", "--HistoryManager.hist_file=:memory:", f"--Session.key={KEY!r}")
FLUSH_SECONDS = 0.2
Tap = Callable[[dict[str, Any]], None]


class Channel:
    """One of the kernel's channels: messages come from any thread and are read by nbclient."""

    def __init__(self, tap: Tap | None = None) -> None:
        self.tap = tap
        self.loop: asyncio.AbstractEventLoop | None = None
        self.waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """Give the next message; raises `queue.Empty` when none comes in time."""
        try:
            return await asyncio.wait_for(self.waiting.get(), timeout)
        except TimeoutError:
            raise queue.Empty from None

    def put(self, message: dict[str, Any]) -> None:
        """Take a message in; one that comes when nobody listens is let go."""
        if self.tap:
            self.tap(message)
        if self.loop is not None:
            with suppress(RuntimeError):  # the loop is closed: the notebook has ended
                self.loop.call_soon_threadsafe(self.waiting.put_nowait, message)


class Outlet:
    """What Jupyter takes for a socket to send on."""

    closed = False

    def __init__(self, channel: Channel, context: Any = None) -> None:
        self.channel, self.context = channel, context

    def send_multipart(self, frames: Sequence[Any], *_: Any, **__: Any) -> None:
        """Hand on a message that comes in parts, from a process that a cell has forked."""
        session = Session(key=KEY)
        parts = session.feed_identities([bytes(f) for f in frames])[1]
        self.channel.put(session.deserialize(parts))

    def flush(self, *_: Any, **__: Any) -> None:
        """Messages do not wait."""

    def close(self, *_: Any, **__: Any) -> None:
        """Nothing is to be closed."""


class Speech(Session):
    """Says things within one process: nothing is signed or cut into parts, but all is made plain as if it were sent."""

    owner: int
    shell: Outlet
    iopub: Outlet

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *args: Any, **options: Any) -> Any:
        """Hand a message to the channel that it is for; a process that a cell has forked speaks through pipes."""
        if os.getpid() != self.owner:
            return super().send(stream, msg_or_type, content, *args, **options)
        return self._said(stream, msg_or_type, content, *args, **options)

    def _said(
        self,
        stream: Any,
        msg_or_type: Any,
        content: Any,
        parent: Any = None,
        ident: Any = None,
        buffers: Any = None,
        track: bool = False,
        header: Any = None,
        metadata: Any = None,
    ) -> dict[str, Any]:
        if isinstance(msg_or_type, dict):
            message = msg_or_type
            buffers = buffers or message.get("buffers")
        else:
            message = self.msg(msg_or_type, content=content, parent=parent, header=header, metadata=metadata)
        plain = {part: self.unpack(self.pack(message[part])) for part in ("content", "metadata")}
        outlet = self.shell if stream is self.shell else self.iopub
        outlet.channel.put({**message, **plain, "buffers": list(buffers or [])})
        return message


class Publisher(IOPubThread):
    """Sends what is put out at once, from whichever thread; its own thread serves processes that a cell forks."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._lock = threading.RLock()
        super().__init__(*args, **options)

    def schedule(self, f: Callable[[], Any]) -> None:
        """Do it now."""
        if not self._is_master_process():  # forked by a cell: the lock may be held for ever by a thread left behind
            f()
            return
        with self._lock:
            f()

    def look_after(self, streams: Sequence[Any]) -> None:
        """Send what was printed every now and then, also while a cell runs."""

        def look() -> None:
            for stream in streams:
                if stream.waiting and not stream.closed:
                    self.schedule(stream._flush)
            self.io_loop.call_later(FLUSH_SECONDS, look)

        self.io_loop.add_callback(look)


class Stream(OutStream):
    """What cells print to; the publisher looks after it."""

    waiting = False

    def _schedule_flush(self) -> None:
        self.waiting = True

    def _flush(self) -> None:
        self.waiting = False
        super()._flush()


class Kernel(IPythonKernel):
    """ipykernel's kernel, with one thread for its cells."""

    shell_stream = AnyTrait()
    _supports_kernel_subshells = False
    _execute_sleep = 0.0  # nothing that was put out is still on its way

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing waits: a cell is sent when the one before has ended."""


class App(IPKernelApp):
    """ipykernel's start of a kernel, with channels in place of sockets."""

    shell_channel: Channel
    iopub_channel: Channel
    outstream_class = DottedObjectName(f"{__name__}.Stream")

    def init_connection_file(self) -> None:
        """There is no connection to look up."""

    def init_poller(self) -> None:
        """There is no other process to look after."""

    def init_heartbeat(self) -> None:
        """Whoever watches this process knows whether it lives."""

    def write_connection_file(self, **_: Any) -> None:
        """There is no connection to write down."""

    def log_connection_info(self) -> None:
        """Nobody else can connect."""

    def init_sockets(self) -> None:
        """Set up where outputs go."""
        self.context = zmq.Context()
        self.configure_tornado_logger()
        outlet = Outlet(self.iopub_channel, self.context)
        self.session = Speech(parent=self)
        self.session.owner, self.session.iopub = os.getpid(), outlet
        self.session.shell = Outlet(self.shell_channel)
        self.iopub_thread = Publisher(outlet, pipe=True, session=self.session)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def init_io(self) -> None:
        """Have what cells print go where the rest goes."""
        super().init_io()
        self.iopub_thread.look_after((sys.stdout, sys.stderr))

    def init_kernel(self) -> None:
        """Make the kernel and its shell."""
        self.kernel = Kernel.instance(
            parent=self,
            session=self.session,
            shell_stream=self.session.shell,
            shell_channel_thread=SimpleNamespace(parent_thread=threading.current_thread()),
            iopub_thread=self.iopub_thread,
            iopub_socket=self.iopub_socket,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count

    def init_code(self) -> None:
        """Have figures shown, which the inline backend did not arrange for when it was imported without a shell."""
        if "matplotlib" in sys.modules:
            from matplotlib_inline.backend_inline import configure_inline_support

            activate_matplotlib(BACKEND)
            configure_inline_support(self.shell, BACKEND)
        super().init_code()


class Client:
    """Speaks Jupyter's protocol with the kernel of this process, as nbclient expects."""

    allow_stdin = False

    def __init__(self, app: App) -> None:
        self.app = app
        self.session = Session(key=KEY)
        self.shell_channel, self.iopub_channel = app.shell_channel, app.iopub_channel
        self._tasks: set[asyncio.Task[None]] = set()

    async def start_channels(self) -> None:
        """Begin to listen."""
        loop = asyncio.get_running_loop()
        self.shell_channel.loop = self.iopub_channel.loop = loop
        self.app.kernel.io_loop = self.app.io_loop = IOLoop.current()

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """It is ready."""

    def stop_channels(self) -> None:
        """Listen no more."""
        self.shell_channel.loop = self.iopub_channel.loop = None

    async def is_alive(self) -> bool:
        """It is as alive as this process."""
        return True

    def execute(self, code: str, store_history: bool = True, stop_on_error: bool = True) -> str:
        """Have a cell run."""
        return self._say(
            "execute_request",
            {
                "code": code,
                "silent": False,
                "store_history": store_history,
                "user_expressions": {},
                "allow_stdin": self.allow_stdin,
                "stop_on_error": stop_on_error,
            },
        )

    def kernel_info(self) -> str:
        """Ask what language it speaks."""
        return self._say("kernel_info_request", {})

    def _say(self, kind: str, content: dict[str, Any]) -> str:
        message = self.session.msg(kind, content)
        frames = [zmq.Frame(f) for f in self.session.serialize(message)]
        assert self.shell_channel.loop
        task = self.shell_channel.loop.create_task(self.app.kernel.dispatch_shell(frames))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return str(message["header"]["msg_id"])


class Manager(KernelManager):
    """Has this process be the kernel where jupyter_client would start one."""

    ipykernel = False  # asks for no options of a command line
    tap: Tap | None = None
    _app: App | None = None

    @property
    def has_kernel(self) -> bool:
        """Whether this process is a kernel now."""
        return self._app is not None

    def start_kernel(self, *_: Any, **__: Any) -> None:
        """Be the kernel."""
        self._app = begin(type(self).tap)

    def client(self, **_: Any) -> Any:
        """Give the one who speaks with it."""
        assert self._app
        return Client(self._app)

    def is_alive(self, *_: Any, **__: Any) -> bool:
        """It is as alive as this process."""
        return self._app is not None

    def shutdown_kernel(self, *_: Any, **__: Any) -> None:
        """Be a kernel no more."""

    def cleanup_resources(self, *_: Any, **__: Any) -> None:
        """Nothing is left that another would need."""


def manager(tap: Tap) -> type[Manager]:
    """Give a manager whose kernel is heard by `tap`, also while a cell runs."""
    return type("TappedManager", (Manager,), {"tap": staticmethod(tap)})


def begin(tap: Tap | None = None) -> App:
    """Make this process a kernel; `tap` hears every message that it puts out, also while a cell runs."""
    App.shell_channel, App.iopub_channel = Channel(), Channel(tap)
    app = App.instance()
    app.initialize(list(ARGUMENTS))
    return app


def end() -> None:
    """Make this process no kernel any more, so that it can be one anew."""
    if not App.initialized():
        return
    app = App.instance()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.close()
    app.iopub_thread.stop()
    kinds: list[Any] = [Kernel, type(app.shell), App]
    if "matplotlib_inline.backend_inline" in sys.modules:
        inline = sys.modules["matplotlib_inline.backend_inline"]
        kinds.append(inline.InlineBackend)
        vars(inline.configure_inline_support).pop("current_backend", None)  # else the next shell has no pictures
    for kind in kinds:
        kind.clear_instance()
