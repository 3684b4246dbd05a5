"""The search language: text to tree, tree to text, tree to plan (spec/search.md sections 1 and 2)."""
