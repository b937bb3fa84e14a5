"""digistrat: from what a city's offices report to a digital strategy that can be carried out.

The names that analysts use stand in ``__init__.pyi``; each is loaded when it is first asked for.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
