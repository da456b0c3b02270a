"""The users of the demo on real vLLM: sessions with shared prefixes, tools that run, retries."""
