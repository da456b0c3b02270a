"""The engines: queues, batches, caches, weights, and the pages of vLLM."""
