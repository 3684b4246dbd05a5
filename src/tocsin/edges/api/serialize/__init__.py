"""From values to the JSON of answers: pure functions, one module per noun."""
