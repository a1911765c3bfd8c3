"""Elasticsearch: the searchable copy."""
