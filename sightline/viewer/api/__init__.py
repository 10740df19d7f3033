"""The query APIs of the viewer: those of Prometheus, Loki and Tempo, and its own."""
