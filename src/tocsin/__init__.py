"""Tocsin: a self-hosted error tracker that speaks the Sentry protocol both ways."""
