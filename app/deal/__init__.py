"""Deals, pipelines and stages, products."""
