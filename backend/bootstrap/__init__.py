"""From a bare Debian 12 to a running Nines: what `make up` and `make test` do.

Standard library only, run by the system's own python3 before anything is installed.
Each phase looks first whether there is anything to do, so that a second run is quick
and an interrupted one goes on where it stopped.
"""
