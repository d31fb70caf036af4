"""Forms made from parameters, and what comes back of them."""
