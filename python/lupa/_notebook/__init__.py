"""Lua in notebooks: what ``%load_ext lupa`` brings."""
