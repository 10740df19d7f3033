"""OTLP by hand: records to protobuf bytes, bytes through bounded queues to the endpoint."""
