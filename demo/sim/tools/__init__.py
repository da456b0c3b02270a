"""External tools behind gateways: code execution, browsing with a page cache, search."""
