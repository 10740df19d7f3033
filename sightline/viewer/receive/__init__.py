"""What reaches the viewer: OTLP by HTTP and gRPC, and scraped metrics, turned into rows."""
