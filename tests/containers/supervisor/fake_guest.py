"""What QEMU and systemd do for the agent: join it to a socket, start it again.

`fake_guest.py FD AGENT FOLDER`, with the supervisor's end of the port on FD.
"""

import select
import socket
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> None:
    port = socket.socket(fileno=int(sys.argv[1]))
    folder = Path(tempfile.mkdtemp(dir=sys.argv[3]))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "port"))
    listener.listen()
    while True:
        process = subprocess.Popen([sys.argv[2], "--port", folder / "port"])
        agent, _ = listener.accept()
        try:
            relay(port, agent)
        except EOFError:
            agent.close()
            process.wait()
            return
        except OSError:
            agent.close()
            process.wait()


def relay(port: socket.socket, agent: socket.socket) -> None:
    """EOFError when the supervisor has gone, OSError when the agent has."""
    while True:
        for source in select.select([port, agent], [], [])[0]:
            data = source.recv(65536)
            if not data:
                raise EOFError if source is port else ConnectionError
            (agent if source is port else port).sendall(data)


if __name__ == "__main__":
    main()
