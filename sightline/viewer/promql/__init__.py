"""PromQL over any source of samples, as Prometheus 3 evaluates it."""
