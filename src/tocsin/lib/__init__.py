"""Small tools that have never heard of an issue."""
