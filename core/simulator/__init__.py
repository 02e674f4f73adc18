"""A local server that speaks the provider's HTTP API: same shapes, same life of a batch, answers by plain rules.

It stands in for the provider in the demo, in tests and in rehearsals of faults. Its answers are computed from the
figures in the prompt and say that they are simulated; no model is asked and nothing leaves the machine.
"""

from core.simulator.process import serve

__all__ = ["serve"]
