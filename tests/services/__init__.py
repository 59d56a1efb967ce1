"""Tests of services: what happens whole or not at all."""
