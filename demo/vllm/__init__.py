"""Real vLLM as the demo's engine: tensor parallel over two ranks, on CPUs, behind our router."""
