"""TraceQL: a stated subset, compiled to SQL over spans, and traces read back as OTLP."""
