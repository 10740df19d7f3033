"""One process that receives, stores and shows what instrumented services send."""
