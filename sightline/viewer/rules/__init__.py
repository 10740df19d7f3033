"""Prometheus' rule files, evaluated over the viewer's own samples.

files, fields   what is written: groups of recording rules and alerts, and whether it can be used
  templates     what annotations say: a part of Go's templates, with figures as Go writes them
recording, alerts   one rule over one instant: the samples it gives
group           the rules of a group in their order, and what became of the series of the last time
evaluator       all groups on their beat, their samples into the store
"""
