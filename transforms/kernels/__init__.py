"""Compiled loops over byte buffers. numba takes half a second to import, so these modules are imported where they are first called."""
