"""Commands of `impasto` that keep the owner's things: weights and paintings."""
