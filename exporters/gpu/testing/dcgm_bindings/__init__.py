"""A folder as DCGM's packages install it: flat modules, put on the path by whoever uses them."""
