"""The nouns that an audit starts from: a model, its people, what an attacker gets, and how to train another."""
