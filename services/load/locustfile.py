"""For Locust's own page: `locust -f services/load/locustfile.py`; `python -m load` needs none."""

from load.customers import Customer

__all__ = ["Customer"]
