"""Benchmarks: one module each, printing ratios against a bare baseline measured in the same run."""
