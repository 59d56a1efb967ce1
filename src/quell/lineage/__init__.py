"""Lineage: which fetch loaded an instance, and which instance caused a fetch."""
