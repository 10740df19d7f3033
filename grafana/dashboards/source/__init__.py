"""The dashboards as code: names, queries and panels once, one module for each dashboard."""
