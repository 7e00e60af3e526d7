"""Dashboards: saved arrangements of reports."""
