"""PID 1 of a session's container: its machines, terminals and the link to the server.

Start-up time and memory are paid once a session, so this package imports little:
no asyncio, dataclasses, subprocess or typing at run time (10 MB and 90 ms together).
"""
