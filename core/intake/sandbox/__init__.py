"""A process of its own for whatever takes strangers' bytes apart: what it breaks, fills or burns is that process alone.

    core.intake reader ──run(work, data)──▶ child: walls go up, then one parser of ours runs ──lines of JSON──▶ reader

The child starts without our environment, in an empty folder, and puts up every wall that the machine permits before
the parser is imported: limits of CPU, memory and output; no file but program code (so no /proc and no data
directory); no network, no other process, no signal. `walls()` says which of them hold here. Files themselves decide
nothing: which parser runs is named by our code.
"""
