"""Tests of what operators rely on: logs, backups, metrics, health."""
