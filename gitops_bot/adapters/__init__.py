"""The only place that knows the libraries and servers outside: each module implements one port."""
